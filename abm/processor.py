"""The kind of processor, and whether a history that is run again is the one that a folder records.

The last bits of sums, exponentials and logarithms depend on which instructions NumPy finds, so the bytes of a history
are those of a kind of processor. What happens in it is not: it is compared by its events between kinds.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np


def processor() -> str:
    """The kind of processor that this process computes on: its family, and the instructions that NumPy uses on it."""
    told: Any = np.show_config(mode="dicts")
    found = told["SIMD Extensions"]
    return " ".join([platform.machine(), *found.get("baseline", []), *found.get("found", [])])


def repeats(record: Mapping[str, Any], number: int, digest: str, events_digest: str) -> bool:
    """Whether a history that was run again is the recorded one.

    To the last bit on the kind of processor that made the record, by its events on another kind. A record that names
    no processor is compared by its bytes.

    Args:
        record: `provenance.json` of a run.
        number: place of the history in `record["replicates"]`.
        digest, events_digest: of the history that was run again.
    """
    entry = record["replicates"][number]
    if record.get("processor", processor()) == processor() or "events_digest" not in entry:
        return bool(entry["digest"] == digest)
    return bool(entry["events_digest"] == events_digest)
