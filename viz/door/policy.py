"""The content security policy of the page: what the browser may load and run for it.

The page of Solara holds scripts between its tags. Instead of allowing any such script (`unsafe-inline`), the policy
names the digests of those that belong to the page as it leaves the template, so a script that came in by other ways
does not run.
"""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser


class _Inline(HTMLParser):
    """Collects what stands between script tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.scripts: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self._in_script = tag == "script" and "src" not in given and given.get("type") in (None, "module")
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data


def inline_scripts(page: str) -> list[str]:
    """The scripts that stand in a page, as the browser digests them: with line ends as newlines."""
    found = _Inline()
    found.feed(page.replace("\r\n", "\n"))
    found.close()
    return found.scripts


def digest(script: str) -> str:
    """A script as a source of the policy."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii") + "'"


def of_report(script: str) -> str:
    """The policy of a report that is shown in a frame of the page: nothing is loaded, and only `script` runs.

    The frame is a sandbox without an origin; what is in it may have been written by anybody. A frame without an address
    of its own is under the policy of the page as well, so `of_page` has to name the same script.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {digest(script)}",
            "style-src 'unsafe-inline'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def of_page(page: str, nonce: str, report: str = "") -> str:
    """The policy of a page.

    Args:
        page: as it leaves Solara's template; its scripts may run.
        report: the script of our reports, which are shown in frames; it may run as well.
        nonce: of this answer alone. The module loader of the widgets writes an import map into the page with it.

    `unsafe-eval`: Vue compiles the templates that stand in the page and in Solara's components with `new Function`;
    there is no build of the shell without that compiler. `blob:`: a widget's module is made a blob, read and run.
    `unsafe-inline` for styles only: Vuetify and the widgets put style elements into the page while it runs. `data:` for
    fonts: some stand in the shell's style sheet.
    """
    known = [*inline_scripts(page), *([report] if report else [])]
    scripts = " ".join(sorted({digest(script) for script in known}))
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' blob: 'unsafe-eval' 'nonce-{nonce}' {scripts}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "font-src 'self' data:",
            "img-src 'self' data: blob:",
            "connect-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def with_nonce(page: str, nonce: str) -> str:
    """The page with the nonce where the module loader looks for it: at a script, here the first, which is data."""
    return page.replace("<script ", f'<script nonce="{nonce}" ', 1)
