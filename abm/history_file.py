"""One finished history as bytes and back: what a worker stores, so that no history is lost and none is held in memory.

The form is a line of JSON (plain values, and the names of the arrays) and the arrays behind it as NumPy writes them.
Equal histories give equal bytes; nothing in them is executed when they are read.
"""

from __future__ import annotations

import io
import json
from dataclasses import fields
from typing import Any, Final

import numpy as np

from abm.run import Result

FORM: Final = 1


def pack(result: Result) -> bytes:
    """A history as bytes."""
    plain: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    for each in fields(Result):
        value = getattr(result, each.name)
        if isinstance(value, np.ndarray):
            arrays[each.name] = value
        elif isinstance(value, dict):
            plain[each.name] = None  # a table: its columns follow
            arrays |= {f"{each.name}/{name}": column for name, column in value.items()}
        else:
            plain[each.name] = value
    out = io.BytesIO()
    out.write((json.dumps({"form": FORM, "plain": plain, "arrays": list(arrays)}, ensure_ascii=False) + "\n").encode())
    for array in arrays.values():
        np.lib.format.write_array(out, np.ascontiguousarray(array), allow_pickle=False)
    return out.getvalue()


def unpack(data: bytes) -> Result:
    """The history that `pack` made bytes of.

    Raises:
        ValueError: these bytes are not a history of this version.
    """
    source = io.BytesIO(data)
    try:
        head = json.loads(source.readline())
        if head["form"] != FORM:
            raise ValueError(f"form {head['form']}; expected {FORM}")
        found: dict[str, Any] = {name: {} if value is None else value for name, value in head["plain"].items()}
        for name in head["arrays"]:
            array = np.lib.format.read_array(source, allow_pickle=False)
            field, slash, column = name.partition("/")
            if slash:
                found[field][column] = array
            else:
                found[field] = array
        return Result(**found)
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise ValueError(f"not a history that this version wrote: {error}") from error
