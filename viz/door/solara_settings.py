"""Solara set up for this app: no network, no telemetry, production, our shell, our public folder.

Solara reads its settings from the environment when it is imported. `prepare` sets the environment for what is imported
later and changes what is imported already, so it does its work whether the app is started by `talent app` or by
`solara run viz/app.py`.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

from viz.door import vendored
from viz.door.refusals import words_of

log = logging.getLogger("talent.app")

PUBLIC = Path(__file__).parents[1] / "public"
TITLE = "AI talent market"


def _cull() -> str:
    """How long a session outlives its tab, for a line that is cut: TALENT_CULL in seconds, else ten minutes."""
    given = os.environ.get("TALENT_CULL", "")
    return f"{given}s" if given.isdecimal() and given.isascii() and len(given) < 7 else "10m"


ENVIRONMENT = {
    "SOLARA_MODE": "production",
    "SOLARA_ROOT_PATH": "",  # else taken from a header of the first request that comes
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    "SOLARA_TELEMETRY_SERVER_USER_ID": "nobody",  # else a lasting identity is written into the home folder
    "SOLARA_TELEMETRY_SERVER_FINGERPRINT": "none",
    "SOLARA_ASSETS_PROXY": "true",  # "proxy": the server gives out the shell
    "SOLARA_ASSETS_PROXY_CACHE_DIR": str(vendored.FOLDER),
    "SOLARA_ASSETS_CDN": "/_solara/cdn/",  # no address of a network is left anywhere
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "false",
    "SOLARA_SESSION_HTTP_ONLY": "true",
    "SOLARA_KERNEL_CULL_TIMEOUT": _cull(),
    "SOLARA_THEME_SHOW_BANNER": "false",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_TITLE": TITLE,
}


def prepare() -> None:
    """Set Solara up; may be called any number of times, before and after Solara's import."""
    os.environ.update(ENVIRONMENT)
    if "solara.settings" in sys.modules:
        assets: Any = sys.modules["solara.settings"].assets
        assets.proxy = True
        assets.cdn = ENVIRONMENT["SOLARA_ASSETS_CDN"]
    if "solara.server.settings" in sys.modules:
        _change(sys.modules["solara.server.settings"])
    if "solara.server.cdn_helper" in sys.modules:
        sys.modules["solara.server.cdn_helper"].__dict__.update(get_path=_path, fetch_from_cdn=_fetch)
    if "solara.server.starlette" in sys.modules:
        starlette: Any = sys.modules["solara.server.starlette"]
        starlette.get_path = _path
        starlette.StaticPublic.get_directories = _public
    for module in ("solara.server.app", "reacton.core"):
        if module in sys.modules:
            sys.modules[module].__dict__.update(traceback=_Traceback())
    if "solara.server.server" in sys.modules:
        sys.modules["solara.server.server"].__dict__.update(public_directories=_public)


def _change(settings: Any) -> None:
    """Change the objects that Solara made of the environment as it was."""
    settings.main.mode = "production"
    settings.main.root_path = ""
    settings.telemetry.mixpanel_enable = False
    settings.assets.proxy_cache_dir = vendored.FOLDER
    settings.assets.fontawesome_enabled = False
    settings.session.http_only = True
    settings.kernel.cull_timeout = ENVIRONMENT["SOLARA_KERNEL_CULL_TIMEOUT"]
    settings.theme.show_banner = False
    settings.theme.loader = ENVIRONMENT["SOLARA_THEME_LOADER"]
    settings.theme.title = TITLE


class _Traceback:
    """Python's `traceback` for Solara, which shows what `format_exception` gives in the page: a number instead."""

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)

    def format_exception(self, kind: object, error: BaseException, tree: TracebackType | None = None) -> list[str]:
        number = uuid.uuid4().hex[:8]
        log.error("error %s in the page", number, exc_info=error)
        return [f"Something went wrong. {words_of(number)}"]


def _path(folder: Path, path: str) -> Path:
    """In the place of Solara's function, which fetches what is missing and deletes a folder that is asked for."""
    return vendored.path_of(path)


def _fetch(url: str) -> bytes:
    raise PermissionError("this app fetches nothing")


def _public(*_: object) -> list[Path]:
    """In the place of Solara's rule, which looks for `public` beside the folder of the app instead of in it."""
    return [PUBLIC]
