"""What a maker's module gives to `databases`, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harvesters.fetch.wire import Dialler
from harvesters.model import ColumnType


@dataclass(frozen=True)
class Target:
    """Where a driver connects to, and as whom. `addresses` are checked; `seconds` are left."""

    host: str
    port: int
    addresses: tuple[str, ...]
    database: str
    user: str
    password: str
    ssl_mode: str
    timeout: float
    seconds: float
    where: str


@dataclass(frozen=True)
class Driver:
    """What is particular to a maker.

    `connect` gives a connection of the Python database API in a transaction that is read only, as
    far as the maker has such a thing; `cursor` one that does not fetch all rows at once; `types`
    our type for each column of a cursor's description; `problem` the code of an error of the
    driver (None: the server's own words are shown); `errors` are what the driver raises.
    """

    connect: Callable[[Target, Dialler], Any]
    cursor: Callable[[Any], Any]
    types: Callable[[Sequence[Any]], tuple[ColumnType, ...]]
    problem: Callable[[Exception], str | None]
    errors: tuple[type[Exception], ...]
