"""Colours and typography of everything `viz` draws, in one place: two restrained palettes and the style sheet."""

from __future__ import annotations

from types import MappingProxyType

WIDE = 1040  # drawing width in pixels on a laptop
NARROW = 358  # and on a phone of 390 px, inside its margins
# accent and c1 to c6 are employers, wherever they stand; k1 to k6 are cohorts; a single curve is drawn in ink
N_CATEGORIES = 7  # c0 is always the focal employer; more than this and nobody can tell them apart

LIGHT = MappingProxyType(
    {
        "bg": "#fdfcfa",
        "panel": "#f6f3ee",
        "ink": "#1d1c1a",
        "muted": "#67645e",
        "line": "#dfdad1",
        "ghost": "#cfc9be",
        "accent": "#b0382b",
        "blue": "#2a5f86",
        "c1": "#2a5f86",
        "c2": "#b07d12",
        "c3": "#347f60",
        "c4": "#8a4bb0",
        "c5": "#3a8fb8",
        "c6": "#5a3015",
        "k1": "#1d1c1a",
        "k2": "#c2327f",
        "k3": "#6f7d00",
        "k4": "#d2610f",
        "k5": "#23307a",
        "k6": "#0d7d78",
        "rest": "#aaa59b",
    }
)
DARK = MappingProxyType(
    {
        "bg": "#15171a",
        "panel": "#1d2024",
        "ink": "#ece9e3",
        "muted": "#a8a59d",
        "line": "#34383d",
        "ghost": "#50555b",
        "accent": "#f28b78",
        "blue": "#86bbe0",
        "c1": "#86bbe0",
        "c2": "#f0c84a",
        "c3": "#7be3b4",
        "c4": "#b58cf0",
        "c5": "#b9e6f5",
        "c6": "#b06a3c",
        "k1": "#ece9e3",
        "k2": "#ff7ac0",
        "k3": "#c3d437",
        "k4": "#ff9a45",
        "k5": "#8f9dff",
        "k6": "#3fc6c0",
        "rest": "#6d7178",
    }
)

CATEGORIES = ("accent", "c1", "c2", "c3", "c4", "c5", "c6", "rest")
"""Names of the colours of employers, the focal one first, all others last."""

COHORTS = ("k1", "k2", "k3", "k4", "k5", "k6")
"""Names of the colours of cohorts."""

_DARKER = MappingProxyType(
    {
        "c2": "#8f650f",
        "c3": "#2f7559",
        "c5": "#0c7a8a",
        "rest": "#6b665b",
        "k3": "#667300",
        "k4": "#b24f09",
        "k6": "#0c7873",
    }
)
_LIGHTER = MappingProxyType({"c6": "#c98253", "rest": "#8d9198"})


def _written(palette: MappingProxyType[str, str], instead: MappingProxyType[str, str]) -> MappingProxyType[str, str]:
    """The colours in which the name of a group is written: those that are too pale for letters have a darker sister."""
    return MappingProxyType({f"{name}-text": instead.get(name, palette[name]) for name in CATEGORIES + COHORTS})


LIGHT_TEXT = _written(LIGHT, _DARKER)
DARK_TEXT = _written(DARK, _LIGHTER)

SIGNS = "--going:var(--blue);--staying:var(--accent);"
"""One convention everywhere: what speaks for going, or raises a number, is blue; for staying, or lowers it, red."""

SERIF = "'Iowan Old Style','Palatino Linotype',Palatino,'Source Serif 4',Charter,Georgia,'Liberation Serif',serif"
SANS = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Liberation Sans',Arial,system-ui,sans-serif"
MONO = "ui-monospace,'SF Mono',Menlo,Consolas,'Liberation Mono',monospace"


def _variables(*palettes: MappingProxyType[str, str]) -> str:
    return "".join(f"--{name}:{value};" for palette in palettes for name, value in palette.items())


_LIGHT = _variables(LIGHT, LIGHT_TEXT)
_DARK = _variables(DARK, DARK_TEXT)


def _category_rules() -> str:
    fills = [".c0{fill:var(--accent);stroke:var(--accent)}"]
    fills += [f".c{i}{{fill:var(--c{i});stroke:var(--c{i})}}" for i in range(1, N_CATEGORIES)]
    fills.append(".c7{fill:var(--rest);stroke:var(--rest)}")
    fades = [f'svg[data-only="{i}"] .n:not(.c{i})' for i in range(N_CATEGORIES + 1)]
    return "".join(fills) + ",".join(fades) + "{opacity:.07}"


def style_sheet() -> str:
    """The whole style sheet of the report, with both colour schemes and the print rules."""
    return (
        f":root{{color-scheme:light dark;{_LIGHT}{SIGNS}--serif:{SERIF};--sans:{SANS};--mono:{MONO}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{_DARK}}}}}"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{_DARK}}}}}"
        ":root[data-theme=light]{color-scheme:light}" + _PAGE + _DRAWING + _category_rules() + _SCREENS
    )


def app_variables() -> str:
    """Colours and fonts of both schemes for the browser app, whose rules are in `public/app.css`."""
    return (
        f":root{{color-scheme:light;{_LIGHT}{SIGNS}--serif:{SERIF};--sans:{SANS};--mono:{MONO}}}"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{_DARK}}}}}"
        f":root[data-theme=dark]{{color-scheme:dark;{_DARK}}}"
    )


_PAGE = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--bg);color:var(--ink);font:17px/1.6 var(--serif);text-rendering:optimizeLegibility}
main,header.top,footer.end{max-width:1088px;margin:0 auto;padding:0 24px}
header.top{padding-top:72px}
.kicker{font:600 12.5px/1.4 var(--sans);letter-spacing:.09em;text-transform:uppercase;color:var(--accent);
margin:0 0 18px}
h1{font:600 46px/1.1 var(--serif);letter-spacing:-.018em;margin:0 0 24px;max-width:19em;text-wrap:balance}
.lead{font-size:21px;line-height:1.55;max-width:35em;margin:0 0 14px;text-wrap:pretty}
.lead b{font-weight:600;border-bottom:2px solid color-mix(in srgb,var(--accent) 45%,transparent)}
.aside{font:13.5px/1.55 var(--sans);color:var(--muted);max-width:48em;margin:0}
.cards{display:grid;grid-template-columns:repeat(var(--n,6),minmax(0,1fr));gap:0 26px;margin:48px 0 0;padding:0}
.card{border-top:2px solid var(--ink);padding:12px 0 20px;margin:0}
.card dt{font:600 12.5px/1.35 var(--sans);color:var(--muted);min-height:2.7em}
.card dd{margin:0}
.card .big{font:600 38px/1.1 var(--serif);letter-spacing:-.02em;font-variant-numeric:lining-nums;margin:4px 0 6px;
overflow-wrap:anywhere}
.card .big.word{font-size:23px;line-height:1.2;padding:9px 0 5px;letter-spacing:-.01em}
.card .sub{font:13px/1.45 var(--sans);color:var(--muted)}
section{margin:76px 0 0;scroll-margin-top:16px}
h2{font:600 28px/1.2 var(--serif);letter-spacing:-.012em;margin:0 0 8px}
figure{margin:0}
figure+figure{margin-top:44px}
figcaption{font-size:18px;line-height:1.55;max-width:40em;margin:0 0 22px;text-wrap:pretty}
.note{font:13px/1.55 var(--sans);color:var(--muted);max-width:54em;margin:14px 0 0}
.key{font:13px/1.5 var(--sans);color:var(--muted);margin:0 0 12px;display:flex;flex-wrap:wrap;gap:4px 20px;
align-items:center}
.key span{display:inline-flex;align-items:center;gap:7px}
.key svg{flex:none}
nav.contents{font:13.5px/1.5 var(--sans);display:flex;flex-wrap:wrap;gap:6px 20px;margin:26px 0 0;padding-top:14px;
border-top:1px solid var(--line)}
nav.contents a{color:var(--muted);text-decoration:none;border-bottom:1px solid transparent}
nav.contents a:hover,nav.contents a:focus-visible{color:var(--ink);border-color:var(--accent)}
.switch{display:inline-block}
.switch>input{position:absolute;opacity:0;pointer-events:none}
.switch>label,button{font:600 13px/1 var(--sans);color:var(--muted);background:none;border:1px solid var(--line);
padding:8px 13px;cursor:pointer;display:inline-block;margin:0 -1px 16px 0;border-radius:0}
.switch>label:hover,button:hover{color:var(--ink)}
.switch>input:checked+label,button[aria-pressed=true]{background:var(--ink);color:var(--bg);border-color:var(--ink)}
.switch>input:focus-visible+label,button:focus-visible,a:focus-visible,summary:focus-visible{
outline:2px solid var(--blue);outline-offset:2px}
.switch{display:block}
.switch>.view{display:none}
.switch>input:nth-of-type(1):checked~.view-1,.switch>input:nth-of-type(2):checked~.view-2{display:block}
.legend{display:flex;flex-wrap:wrap;gap:8px;margin:0 0 10px}
.legend button{margin:0;display:inline-flex;gap:7px;align-items:center;border-radius:99px;font-weight:500;
padding:7px 12px}
.legend i{width:9px;height:9px;border-radius:50%;display:inline-block}
#theme{position:absolute;top:18px;right:max(24px,calc(50% - 520px));margin:0;padding:7px 11px;font-weight:500}
details{margin-top:14px;font:14px/1.5 var(--sans)}
summary{cursor:pointer;color:var(--muted);font-weight:600;font-size:13px;width:fit-content}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font:14px/1.45 var(--sans);font-variant-numeric:tabular-nums lining-nums}
caption{text-align:left;font:600 14px/1.5 var(--sans);padding:0 0 6px}
th{font-weight:600;font-size:12.5px;color:var(--muted);text-align:left;vertical-align:bottom;padding:8px 14px 8px 0;
border-bottom:1.5px solid var(--ink)}
td{padding:9px 14px 9px 0;border-bottom:1px solid var(--line);vertical-align:top}
td.r,th.r{text-align:right}
td.r{white-space:nowrap}
.tag{font:600 12px/1 var(--sans);padding:4px 8px;border-radius:3px;white-space:nowrap;display:inline-block;
border:1px solid var(--line);color:var(--muted)}
.tag.hit{color:var(--blue);border-color:var(--blue)}
.tag.part{color:var(--ink);border-color:var(--muted)}
.tag.miss{color:var(--bg);background:var(--accent);border-color:var(--accent)}
.tag.guess{border-style:dashed}
pre,code{font:13.5px/1.55 var(--mono)}
pre{background:var(--panel);padding:16px 18px;overflow-x:auto;margin:0 0 16px;white-space:pre-wrap;
overflow-wrap:anywhere}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:4px 24px;font:14px/1.55 var(--sans);margin:22px 0 0}
dl.facts dt{color:var(--muted)}
dl.facts dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
footer.end{padding-bottom:72px;margin-top:64px}
footer.end p{font:13px/1.55 var(--sans);color:var(--muted);border-top:1px solid var(--line);padding-top:16px;margin:0}
#tip{position:fixed;z-index:9;pointer-events:none;background:var(--ink);color:var(--bg);font:13px/1.5 var(--sans);
padding:8px 11px;border-radius:4px;max-width:290px;white-space:pre-line;opacity:0;left:0;top:0;
font-variant-numeric:tabular-nums}
#tip.on{opacity:1}
"""

_DRAWING = """
svg.d{display:block;width:100%;height:auto;overflow:visible;font-family:var(--sans)}
svg.narrow{display:none}
svg text{fill:var(--ink);font-size:13px;font-variant-numeric:tabular-nums lining-nums}
svg .s{font-size:12px;fill:var(--muted)}
svg .xs{font-size:11px;fill:var(--muted)}
svg .b{font-weight:600}
svg .h{font-weight:600;font-size:15px}
svg .ta{fill:var(--accent);font-weight:600}
svg .tb{fill:var(--blue);font-weight:600}
svg .halo{paint-order:stroke;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round}
.grid{stroke:var(--line);stroke-width:1;fill:none}
.base{stroke:var(--muted);stroke-width:1;fill:none}
.ghost{stroke:var(--ghost);stroke-width:1;fill:none}
.la{stroke:var(--accent);stroke-width:2.25;fill:none;stroke-linejoin:round;stroke-linecap:round}
.lb{stroke:var(--blue);stroke-width:2.25;fill:none;stroke-linejoin:round;stroke-linecap:round}
.b90a{fill:var(--accent);opacity:.13}
.b50a{fill:var(--accent);opacity:.24}
.b90b{fill:var(--blue);opacity:.14}
.b50b{fill:var(--blue);opacity:.24}
.fa{fill:var(--accent)}
.fb{fill:var(--blue)}
.go{fill:var(--going)}
.stay{fill:var(--staying)}
.fi{fill:var(--ink)}
.fm{fill:var(--muted)}
.fg{fill:var(--ghost)}
.si{stroke:var(--ink);stroke-width:2;fill:none}
.obs{stroke:var(--ink);stroke-width:3;fill:none}
.dot{fill:var(--bg);stroke:var(--ink);stroke-width:2}
.pre{stroke:var(--blue);stroke-width:1.5;fill:none;stroke-dasharray:4 3}
.bound{stroke:var(--ghost);stroke-width:3;fill:none;stroke-linecap:round}
.hollow{fill:var(--bg);stroke:var(--muted);stroke-width:1.75}
.hit{fill:transparent}
.hit:hover{fill:var(--ink);fill-opacity:.06}
.flow{fill:var(--rest);opacity:.28}
.flow.own{fill:var(--accent);opacity:.42}
.flow:hover{opacity:.78}
.edge{stroke:var(--rest);fill:none;opacity:.34;stroke-width:.6}
.edge.strong{opacity:.6;stroke-width:1.1}
.n{stroke-width:1.2}
.n.gone{fill:var(--bg);stroke-width:1.5}
.n.member{stroke:var(--ink);stroke-width:2.4}
[data-tip]{cursor:default}
"""

_SCREENS = """
@media screen and (max-width:980px){.cards{grid-template-columns:repeat(3,minmax(0,1fr))}}
@media screen and (max-width:760px){
svg.wide.pair{display:none} svg.narrow{display:block;max-width:560px;margin:0 auto}
body{font-size:16px} header.top{padding-top:64px} main,header.top,footer.end{padding-left:16px;padding-right:16px}
h1{font-size:33px} .lead{font-size:18.5px} h2{font-size:24px} figcaption{font-size:16.5px} section{margin-top:60px}
.cards{grid-template-columns:1fr 1fr;gap:0 20px;margin-top:36px}
.card .big{font-size:31px} .card .big.word{font-size:20px}
#theme{right:16px} dl.facts{grid-template-columns:1fr;gap:0} dl.facts dd{margin-bottom:8px}
svg.many .n{r:5.5px;stroke-width:2.4} svg.many .n.member{r:11px;stroke-width:5}
svg.many .edge{stroke-width:1.2}
table.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table.stack,table.stack tbody,table.stack tr{display:block}
table.stack tr{border-top:1.5px solid var(--ink);padding:8px 0 14px}
table.stack td{display:flex;justify-content:space-between;gap:16px;border:0;padding:3px 0;text-align:right}
table.stack td::before{content:attr(data-th);color:var(--muted);text-align:left;flex:none;max-width:45%}
table.stack td:first-child{font-weight:600;text-align:left} table.stack td:first-child::before{content:none}
}
@media print{
:root{--bg:#fff}
.cards{grid-template-columns:repeat(3,minmax(0,1fr))} .key{break-after:avoid} figcaption,tr{break-inside:avoid}
body{font-size:10.5pt} header.top{padding-top:0} #theme,#tip,nav.contents,.switch>label,.legend button{display:none}
section{margin-top:28pt} h2,figcaption{break-after:avoid} svg.d,table,.cards,.card{break-inside:avoid}
details:not([open])>*:not(summary){display:none} h1{font-size:26pt} .lead{font-size:13pt} a{color:inherit}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
@media (prefers-reduced-motion:no-preference){.flow,.n{transition:opacity .15s} #tip{transition:opacity .1s}}
"""
