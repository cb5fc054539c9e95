"""How a service hands out its records page by page, and whether all of them came. No I/O.

Traps of the field, each in a test: the same page or the same next link for ever, a number of
records that changes while the pages are read, a page size that is silently cut, a service that
pages without being asked to, an end that is only told by an empty page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from harvesters.errors import HarvestError, Problem
from harvesters.model import digest
from harvesters.paths import at_path
from schemas.text import fold

STYLES = ("none", "page", "offset", "cursor", "next_link", "link_header")
#: Where services without a declared total say it all the same, folded.
_TOTALS = frozenset(
    (
        *(
            "total",
            "totalcount",
            "total_count",
            "totalelements",
            "totalrecords",
            "recordstotal",
            "totalitems",
        ),
        *("numfound", "count", "tong_so", "tongso", "tong_so_ban_ghi", "tongsobanghi"),
    )
)
_NEXT = re.compile(r"""<([^<>]{1,2000})>\s*;[^,<>]{0,500}?rel\s*=\s*"?next\b""", re.IGNORECASE)
_HEADER = "header:"


@dataclass(frozen=True)
class Paging:
    """``read.paging``. Names of parameters, and paths into the answer.

    `style` is one of `STYLES`; `page`, `offset`, `cursor` and `size` name the parameters that are
    sent (`size` may be empty), `first` is the number of the first page and `per_page` what is asked
    for. `next` is the path of the next token or link in the answer; `total` of the number of all
    records (or ``header:X-Total-Count``), `pages` of that of the pages; `last` of a flag that is
    true on the last page, `more` of one that is false there.
    """

    style: str = "none"
    page: str = "page"
    offset: str = "offset"
    cursor: str = "cursor"
    size: str = ""
    first: int = 1
    per_page: int = 100
    next: str = ""
    total: str = ""
    pages: str = ""
    last: str = ""
    more: str = ""

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            _bad("style", ", ".join(STYLES))
        if self.style in ("cursor", "next_link") and not self.next:
            _bad("next", "a.b.c")
        if self.per_page < 1:
            _bad("per_page", "1, 2, 3 …")


@dataclass(frozen=True)
class Step:
    """What to ask for next: parameters, or a whole address."""

    params: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True)
class Answer:
    """What came: JSON-able data, headers in lower case, and the address without credentials."""

    data: Any
    headers: Mapping[str, str]
    url: str


@dataclass
class Walk:
    """One pass over a listing. `step` is what to ask for; `take` is told what came of it."""

    paging: Paging
    step: Step | None = None
    received: int = 0
    total: int | None = None
    stable: bool = True
    stuck: bool = False
    proven: bool = False
    _number: int = 0
    _tokens: set[str] = field(default_factory=set)
    _pages: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._number = self.paging.first
        self.step = Step(self._params(0))

    def take(self, answer: Answer, records: list[Any]) -> bool:
        """Whether the page is new; decides what comes next (`step` None: nothing)."""
        self.step = None
        mark = digest([repr(record) for record in records])
        if records and mark in self._pages:
            self.stuck = True
            return False
        self._pages.add(mark)
        self.received += len(records)
        self._count(answer)
        self.step = self._following(answer, records)
        return True

    def is_complete(self, records: int) -> bool:
        """Whether so many different records are all that there are."""
        if self.stuck or not self.stable:
            return False
        return self.proven if self.total is None else records == self.total

    def problem(self, records: int, where: str, of: Mapping[str, str] | None = None) -> Problem:
        """Why the listing is not complete; `of` says what its records are, if not datasets."""
        if self.stuck:
            return Problem("page_repeated", where)
        expected = "" if self.total is None else str(self.total)
        params = {"seen": str(records), "expected": expected, **(of or {})}
        return Problem("incomplete_listing", where, None, params)

    def _following(self, answer: Answer, records: list[Any]) -> Step | None:
        paging = self.paging
        if paging.style == "none":
            self.proven = not _says_more(answer.data, len(records), self)
            return None
        if self._ended(answer, records):
            self.proven = True
            return None
        if self.total is not None and self.received >= self.total:
            return None
        if paging.style == "page":
            self._number += 1
        if paging.style in ("page", "offset"):
            return Step(self._params(self.received))
        return self._linked(answer, records)

    def _ended(self, answer: Answer, records: list[Any]) -> bool:
        paging, data = self.paging, answer.data
        pages = _whole(at_path(data, paging.pages)) if paging.pages else None
        return (
            not records
            or bool(paging.last and _is_true(at_path(data, paging.last)))
            or bool(paging.more and _is_false(at_path(data, paging.more)))
            or (pages is not None and self._number - paging.first + 1 >= pages)
        )

    def _linked(self, answer: Answer, records: list[Any]) -> Step | None:
        """By a token or link in the answer. An end must have been told, not only be missing."""
        paging = self.paging
        if paging.style == "link_header":
            found = _NEXT.search(answer.headers.get("link", ""))
            token, told = (found[1] if found else ""), True
        else:
            value = at_path(answer.data, paging.next)
            token = str(value).strip() if isinstance(value, (str, int)) and value else ""
            short = bool(paging.size) and len(records) < paging.per_page
            told = bool(self._tokens) or short or _has(answer.data, paging.next)
        if not token:
            self.proven = told
            return None
        if self._is_known(token):
            self.stuck = True
            return None
        if paging.style == "cursor":
            return Step({**self._params(0), paging.cursor: token})
        return Step(url=urljoin(answer.url, token))

    def _is_known(self, token: str) -> bool:
        known = token in self._tokens
        self._tokens.add(token)
        return known

    def _count(self, answer: Answer) -> None:
        path = self.paging.total
        if not path:
            return
        if path.startswith(_HEADER):
            told = _whole(answer.headers.get(path.removeprefix(_HEADER).strip().lower()))
        else:
            told = _whole(at_path(answer.data, path))
        if told is not None:
            self.stable = self.stable and self.total in (None, told)
            self.total = told

    def _params(self, start: int) -> dict[str, Any]:
        paging = self.paging
        params: dict[str, Any] = {}
        if paging.style == "page":
            params[paging.page] = self._number
        elif paging.style == "offset":
            params[paging.offset] = start
        if paging.size:
            params[paging.size] = paging.per_page
        return params


def _says_more(data: Any, records: int, walk: Walk) -> bool:
    """Whether an answer that was not to be paged says that there is more than it holds."""
    if not isinstance(data, Mapping):
        return False
    told = [_whole(value) for key, value in data.items() if fold(str(key)) in _TOTALS]
    most = max((count for count in told if count is not None), default=0)
    if most > records and walk.total is None:
        walk.total = most
        return True
    return False


def _has(data: Any, path: str) -> bool:
    """Whether the last key of a path is there, be it with nothing behind it."""
    above, _, key = path.rpartition(".")
    found = at_path(data, above)
    return isinstance(found, Mapping) and key in found


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    text = str(value).strip()
    return int(text) if text.isdecimal() and len(text) < 15 else None


def _is_true(value: Any) -> bool:
    return str(value).strip().lower() in ("true", "1", "yes")


def _is_false(value: Any) -> bool:
    return str(value).strip().lower() in ("false", "0", "no")


def _bad(key: str, expected: str) -> None:
    key = f"read.paging.{key}"
    raise HarvestError("bad_setting", where=key, key=key, expected=expected)
