"""The Solara app: `talent app`, or `solara run viz/app.py`. One browser tab, one kernel, one session, one market.

Nothing of a session lives at module level. The page itself is made in the browser (`viz/public`); Solara brings the
kernel, the socket and the end of both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

if (home := str(Path(__file__).resolve().parents[1])) not in sys.path:  # `solara run` knows the file, not the package
    sys.path.insert(0, home)

from viz import server

server.prepare()

import solara  # noqa: E402

from viz import jobs  # noqa: E402
from viz.session import Session  # noqa: E402
from viz.stage import Stage  # noqa: E402

server.at_exit(jobs.shutdown)
server.guard()


@solara.component  # type: ignore[untyped-decorator]
def Page() -> None:  # Solara looks for this name
    """The whole app; when the tab is closed, its session ends and takes all of its work with it."""
    solara.Title("The market for AI talent")
    session: Session = solara.use_memo(lambda: Session(server.OPTIONS), [])

    def until_closed() -> Callable[[], None]:
        return session.close

    solara.use_effect(until_closed, [])
    Stage.element(session=session)
