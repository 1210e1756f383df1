"""How a column is declared, allocated, digested, and protected from undeclared writes.

A table is a class whose attributes are declared with `column(...)`. Making an instance allocates one
contiguous NumPy array per column. Rows are permanent: nobody is renumbered, leaving is a status.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64] | NDArray[np.int32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Column:
    """What one column holds. `shape` is the shape of one row's value: () for a number, (6,) for a vector."""

    dtype: str
    unit: str
    meaning: str
    shape: tuple[int, ...] = ()
    initial: float = 0.0


def column(dtype: str, unit: str, meaning: str, shape: tuple[int, ...] = (), initial: float = 0.0) -> Any:
    """Declare a column in the body of a `Table` subclass."""
    return Column(dtype, unit, meaning, shape, initial)


class Table:
    """A set of columns with one row per thing. Subclasses declare columns; instances hold the arrays."""

    columns: ClassVar[dict[str, Column]] = {}
    n_rows: int

    def __init_subclass__(cls) -> None:
        """Collect the declared columns in the order in which they are written."""
        cls.columns = {name: value for name, value in vars(cls).items() if isinstance(value, Column)}

    def __init__(self, n_rows: int) -> None:
        """Allocate every column for `n_rows` rows, filled with its initial value."""
        self.n_rows = n_rows
        for name, declared in self.columns.items():
            setattr(self, name, np.full((n_rows, *declared.shape), declared.initial, dtype=declared.dtype))

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Each column's name and array."""
        for name in self.columns:
            yield name, getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to bind a column to another array: views and guards hold on to the first one."""
        if name in self.columns and self.__dict__.get(name, value) is not value:
            raise AttributeError(
                f"{type(self).__name__}.{name} was given a new array; write into it instead: "
                f"{type(self).__name__.lower()}.{name}[:] = ..."
            )
        super().__setattr__(name, value)


def digest(named_arrays: Iterable[tuple[str, NDArray[Any]]]) -> str:
    """SHA-256 over names, dtypes, shapes and little-endian bytes, in the order given."""
    hasher = hashlib.sha256()
    for name, array in named_arrays:
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        hasher.update(f"{name}|{little.dtype.str}|{little.shape}|".encode())
        hasher.update(little.tobytes())
    return hasher.hexdigest()


@contextmanager
def only_writes(named_arrays: Iterable[tuple[str, NDArray[Any]]], allowed: Iterable[str]) -> Iterator[None]:
    """Make every array read-only but the allowed ones, so that an undeclared write raises.

    Names are "table.column"; an allowed name may be a whole table ("teams").

    Raises:
        ValueError: (from NumPy) "assignment destination is read-only" at the line that wrote without declaring it.
    """
    granted = set(allowed)
    frozen = [
        array
        for name, array in named_arrays
        if name not in granted and name.split(".")[0] not in granted and array.flags.writeable
    ]
    for array in frozen:
        array.flags.writeable = False
    try:
        yield
    finally:
        for array in frozen:
            array.flags.writeable = True
