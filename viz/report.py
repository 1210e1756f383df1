"""The report of one run: a single HTML file that needs nothing else, not even a network."""

from __future__ import annotations

import importlib
import pkgutil
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abm import disk
from viz import charts, svg, words
from viz.results import RunData, load
from viz.theme import style_sheet

# Nothing may be fetched: the browser itself enforces what the page promises.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

DISCLAIMER = (
    "Every person in this report is simulated. Employers, dated events and totals come from the public sources listed "
    "in the scenario; no real person is represented, named or estimated."
)

SCRIPT = """
(function(){
var root=document.documentElement,tip=document.getElementById('tip'),on=null;
document.querySelectorAll('svg.d').forEach(function(s){
  var t=s.querySelector('title');if(t){s.setAttribute('aria-label',t.textContent);t.remove()}});
function hide(){tip.className='';on=null}
function move(e){var w=tip.offsetWidth,h=tip.offsetHeight,x=e.clientX+14,y=e.clientY+16;
  if(x+w>innerWidth-8)x=Math.max(8,e.clientX-w-14);if(y+h>innerHeight-8)y=Math.max(8,e.clientY-h-14);
  tip.style.left=x+'px';tip.style.top=y+'px'}
function over(e){var t=e.target.closest?e.target.closest('[data-tip]'):null;
  if(!t){hide();return}
  if(t!==on){on=t;tip.textContent=t.getAttribute('data-tip');tip.className='on'}move(e)}
document.addEventListener('pointermove',over);document.addEventListener('pointerdown',over);
document.addEventListener('scroll',hide,{passive:true});
document.addEventListener('keydown',function(e){if(e.key==='Escape')hide()});
document.querySelectorAll('.legend').forEach(function(g){
  var s=g.parentNode.querySelector('svg.graph'),all=g.querySelectorAll('button');
  all.forEach(function(b){b.addEventListener('click',function(){
    var was=b.getAttribute('aria-pressed')==='true';
    all.forEach(function(o){o.setAttribute('aria-pressed','false')});
    if(was)s.removeAttribute('data-only');
    else{b.setAttribute('aria-pressed','true');s.setAttribute('data-only',b.getAttribute('data-group'))}})})});
var theme=document.getElementById('theme');theme.hidden=false;
theme.addEventListener('click',function(){
  var dark=root.dataset.theme?root.dataset.theme==='dark':matchMedia('(prefers-color-scheme:dark)').matches;
  root.dataset.theme=dark?'light':'dark'});
})();
"""


@dataclass(frozen=True)
class _Section:
    key: str
    title: str
    order: int
    draw: Callable[[RunData], str]


def sections() -> list[_Section]:
    """Every chart on disk that asks for a place in the report, in its order."""
    found = []
    for module in pkgutil.iter_modules(charts.__path__):
        chart = importlib.import_module(f"viz.charts.{module.name}")
        if hasattr(chart, "ORDER"):
            found.append(_Section(module.name, str(chart.TITLE), int(chart.ORDER), chart.draw))
    return sorted(found, key=lambda section: (section.order, section.key))


def write_report(run_dir: Path) -> Path:
    """Write `report.html` beside the result files of a run.

    Args:
        run_dir: the folder with `summary.json` and the tables of the run.

    Returns:
        The path of the report.

    Raises:
        RunFolderError: the folder does not hold a run.
    """
    path = run_dir / "report.html"
    disk.write(path, render(load(run_dir)))
    return path


def render(data: RunData) -> str:
    """The whole page. Sections with nothing to show are left out."""
    drawn = [(section, section.draw(data)) for section in sections()]
    drawn = [(section, body) for section, body in drawn if body]
    links = "".join(f'<a href="#{section.key}">{svg.esc(section.title)}</a>' for section, _ in drawn)
    links += '<a href="#made">How this was made</a>'
    body = "".join(
        f'<section id="{section.key}"><h2>{svg.esc(section.title)}</h2>{body}</section>' for section, body in drawn
    )
    header = f'{_head(data)}<nav class="contents" aria-label="Contents">{links}</nav>'
    return page(data.title, header, body + _provenance(data))


def page(title: str, header: str, body: str, style: str = "") -> str:
    """One self-contained HTML page around a header and sections; `style` is added to the style sheet."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{svg.esc(title)}</title><style>{style_sheet()}{style}</style></head><body>"
        '<button id="theme" type="button" hidden>Light / dark</button>'
        f'<header class="top">{header}</header><main>{body}</main>'
        f'<footer class="end"><p>{DISCLAIMER}</p></footer>'
        f'<div id="tip" role="status" aria-live="off"></div><script>{SCRIPT}</script></body></html>\n'
    )


def _head(data: RunData) -> str:
    period = svg.when(data.date(0), True)
    period += f" – {svg.when(data.date(data.n_months - 1), True)}" if data.n_months > 1 else ""
    kicker = f"The market for AI talent · {period} · {svg.plural(data.n_replicates, 'run')}"
    headline = words.cards(data)
    n = max(len(headline), 3)
    cards = "".join(
        f'<div class="card"><dt>{svg.esc(what)}</dt><dd>'
        f'<div class="big{" word" if len(value) > 7 else ""}">{svg.esc(value)}</div>'
        f'<div class="sub">{svg.esc(context)}</div></dd></div>'
        for what, value, context in headline
    )
    return (
        f'<p class="kicker">{svg.esc(kicker)}</p><h1>{svg.esc(data.title)}</h1>'
        f'<p class="lead">{words.lead(data)}</p><dl class="cards" style="--n:{n}">{cards}</dl>'
    )


def reproduce(data: RunData) -> str:
    """The command that makes the same run again."""
    told = data.provenance.get("command")
    if isinstance(told, str) and told.strip():
        return told.strip()
    parts = ["talent", "run", data.name, "--seed", str(data.seed), "--replicates", str(data.n_replicates)]
    planned = data.scenario.get("months")
    if planned is None or int(planned) != int(data.summary.get("months") or planned):
        parts += ["--months", str(data.summary.get("months") or data.n_months)]
    overrides = data.provenance.get("overrides") or data.provenance.get("set") or {}
    pairs = overrides.items() if isinstance(overrides, dict) else (str(item).partition("=")[::2] for item in overrides)
    for key, value in pairs:
        parts += ["--set", f"{key}={value}"]
    return shlex.join(parts)


def _provenance(data: RunData) -> str:
    record = data.provenance
    facts: list[tuple[str, Any]] = []
    facts.append(("Scenario", f"{data.name}, {svg.plural(data.n_months, 'month')} from {svg.when(data.start)}"))
    facts.append(("Scenario hash", data.scenario_head.get("hash")))
    facts.append(("Seed", data.seed))
    facts.append(("Replicates", data.n_replicates))
    for what, key in (("events", "events_digest"), ("bytes", "digest")):
        listed = data.summary.get(key) or record.get(key)
        whose, first = (" of history 0", listed[0]) if isinstance(listed, list) and listed else ("", listed)
        facts.append((f"Digest of the {what}{whose}", first))
    facts.append(("Processor", record.get("processor")))
    facts.append(("Commit", record.get("commit")))
    versions: Any = record.get("versions")
    if isinstance(versions, dict):
        facts.append(("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())))
    rows = "".join(f"<dt>{svg.esc(k)}</dt><dd>{svg.esc(v)}</dd>" for k, v in facts if v is not None and v != "")
    per_run = record.get("digests")
    digests = ""
    if isinstance(per_run, list | dict) and per_run:
        pairs = per_run.items() if isinstance(per_run, dict) else enumerate(per_run)
        content = svg.table(["Replicate", "Digest"], [[svg.esc(k), f"<code>{svg.esc(v)}</code>"] for k, v in pairs])
        digests = svg.numbers("Digest of every replicate", content)
    return (
        '<section id="made"><h2>How this was made</h2>'
        "<figcaption>The same scenario, seed and versions give the same bytes on this kind of "
        "processor, and the same events on another. To run it again:</figcaption>"
        f'<pre><code>{svg.esc(reproduce(data))}</code></pre><dl class="facts">{rows}</dl>{digests}</section>'
    )
