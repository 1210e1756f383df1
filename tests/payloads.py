"""Sixty texts that try to become a script, and a scenario whose every name is one of them.

Each sets `window.__xss` if it runs, or makes an element that carries `data-xss` if it is taken for markup.
"""

from __future__ import annotations

from itertools import cycle
from typing import Any

from abm.scenario import load

RUN = "window.__xss=1"
EL = f"data-xss onerror={RUN} onload={RUN}"
PAYLOADS = (
    f"<script data-xss>{RUN}</script>",
    f"<img src=x {EL}>",
    f"<svg {EL}>",
    f"<svg><script data-xss>{RUN}</script></svg>",
    f"<iframe data-xss srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<body data-xss onload={RUN}>",
    f"<details data-xss open ontoggle={RUN}>",
    f"<video data-xss><source onerror={RUN}></video>",
    f"<input data-xss autofocus onfocus={RUN}>",
    f"<marquee data-xss onstart={RUN}>",
    f"<object data-xss data=javascript:{RUN}>",
    f"<embed data-xss src=javascript:{RUN}>",
    f"<a data-xss href=javascript:{RUN}>x</a>",
    f"<form data-xss action=javascript:{RUN}><button>x",
    f"<math data-xss href=javascript:{RUN}>x</math>",
    f"<math><mtext><style><img src=x {EL}>",
    f"<style data-xss>@import 'javascript:{RUN}';</style>",
    f"<link data-xss rel=stylesheet href=javascript:{RUN}>",
    f"<base data-xss href=javascript:{RUN}//>",
    f"<meta data-xss http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f'"><img src=x {EL}>',
    f"'><img src=x {EL}>",
    f"`><img src=x {EL}>",
    f'" onmouseover="{RUN}" data-xss="',
    f"' onmouseover='{RUN}' data-xss='",
    f'" autofocus onfocus="{RUN}" data-xss="',
    f"</title><script data-xss>{RUN}</script>",
    f"</textarea><script data-xss>{RUN}</script>",
    f"</style><script data-xss>{RUN}</script>",
    f"</script><script data-xss>{RUN}</script>",
    f"</option></select><img src=x {EL}>",
    f"</text></svg><img src=x {EL}>",
    f"--><img src=x {EL}>",
    f"]]><img src=x {EL}>",
    f"<![CDATA[<img src=x {EL}>]]>",
    f"<!--><img src=x {EL}>",
    f"<<script data-xss>{RUN}//<</script>",
    f"<scr<script>ipt data-xss>{RUN}</script>",
    f"<ScRiPt data-xss>{RUN}</ScRiPt>",
    f"<img/src=x/{EL.replace(' ', '/')}>",
    f"<x data-xss onclick={RUN} style=animation-name:x>",
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}//",
    f"data:text/html,<script>parent.{RUN}</script>",
    f"vbscript:{RUN}",
    f"[x](javascript:{RUN})",
    f"![x](x){{onerror={RUN}}}",
    f"[x]: javascript:{RUN}",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"{{{{$on.constructor('{RUN}')()}}}}",
    f"${{{RUN}}}",
    f"`${{{RUN}}}`",
    f"<%= {RUN} %>",
    f"#{{{RUN}}}",
    f"url(javascript:{RUN})",
    f"red;}} *{{background:url(javascript:{RUN})",
    f"\uff1cscript\uff1e{RUN}\uff1c/script\uff1e",
    f"%3Cscript%3E{RUN}%3C/script%3E",
    f"&lt;script&gt;{RUN}&lt;/script&gt;&#60;img src=x {EL}&#62;",
    f"';{RUN};'\";{RUN};//\\';{RUN};",
)
AS_NAMES = tuple(text for text in PAYLOADS if not set("<>/\\") & set(text) and len(text) < 76)
"""Those that the schema lets through as names; the free texts of a scenario may hold any."""


def hostile() -> dict[str, Any]:
    """The content of the scenario `tiny` with a payload for every name and text that the schema allows it in."""
    content = load("tiny").to_dict()
    given, named = cycle(PAYLOADS), cycle(AS_NAMES)
    new: dict[str, str] = {}

    def rename(old: str) -> str:
        if old not in new:
            new[old] = f"{len(new)} {next(named)}"
        return new[old]

    content["title"], content["why"] = next(given), " ".join(PAYLOADS[:16])
    content["topics"] = [rename(topic) for topic in content["topics"]]
    for site in content["sites"]:
        site["name"], site["country"] = rename(site["name"]), next(named)
    for employer in content["employers"]:
        employer["name"], employer["source"] = rename(employer["name"]), "invented"
        for team in employer["teams"]:
            team["name"] = rename(team["name"])
            if "project" in team:
                team["project"]["name"] = next(named)
    for cohort in content.get("cohorts", []):
        cohort["label"] = next(given)
    for number, event in enumerate(content["events"]):
        event["label"], event["note"] = next(given), " ".join(PAYLOADS[12 * number :][:16])

    def follow(value: Any) -> Any:
        if isinstance(value, dict):
            return {new.get(key, key): follow(item) for key, item in value.items()}
        if isinstance(value, list):
            return [follow(item) for item in value]
        return new.get(value, value) if isinstance(value, str) else value

    made: dict[str, Any] = follow(content)
    return made
