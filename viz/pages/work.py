"""Heavy work of a session, whatever its kind: one piece of each kind at a time, for the market that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from viz.messages import Field, handler, whole
from viz.session import Session


def begin(
    session: Session,
    kind: str,
    words: str,
    work: Callable[..., Any],
    *arguments: Any,
    then: Callable[[Any], Any] | None = None,
    each: Callable[[Any], Any] | None = None,
) -> int:
    """Start a piece of work in place of the last one of its kind; arguments as for `viz.jobs.Jobs.start`."""
    under_way = session.store.setdefault("work", {})
    if kind in under_way:
        session.jobs.stop(under_way.pop(kind))
    number = session.jobs.start(kind, words, work, *arguments, then=then, each=each, market=session.number)
    under_way[kind] = number
    return number


@handler("stop", Field("number", whole(1, 10**9)))
def stop(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Stop a piece of work; what it has found so far stays."""
    return {"stopped": session.jobs.stop(values["number"])}
