"""A data.json: the list of datasets of DCAT-US 1.1 (Project Open Data) and 3.0 in one file.

The listing is complete when the file was read to its end. Datasets stand under `dataset`, in a
nested `catalog`, and in 3.0 also inside the series that they are members of; a series itself is a
heading. A large file is streamed to disk and read dataset by dataset. Quirks of the field: items
that are no datasets, identifiers given twice, the required fields missing or null, an error object
with status 200.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch, Response, Streamed
from harvesters.fetch.grants import is_local
from harvesters.fetch.refusals import sentence
from harvesters.model import End, Failure, Item, Probe, SourceType
from harvesters.sources._datajson_dataset import remote_id, text, to_record
from harvesters.sources._dcat_values import MAPPING

#: Catalogues within catalogues that are followed.
DEPTH = 5
#: Files up to this many bytes are parsed as a whole, and more forgivingly than larger ones: a NUL
#: at the end, half a character, NaN.
WHOLE = 4_000_000
_ACCEPT = {"Accept": "application/json, */*;q=0.1"}
_LISTS = ("dataset", "datasetSeries", "catalog")
_NOT_OURS = (
    *("api_error", "auth_failed", "html_instead_of_data", "not_json", "too_deep", "truncated"),
    *("unexpected_answer", "unknown_encoding"),
)


@dataclass(frozen=True)
class Settings:
    """What to read: `url` is the address of the file, or of the site that has it as /data.json."""

    url: str


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each dataset. See `SourceType.read`; data.json tells no marks."""
    with _opened(settings.url, fetch) as catalogue:
        yield from _Reading(catalogue.where).items(catalogue)


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a data.json answers there: its title and its number of datasets."""
    try:
        with _opened(url, fetch) as catalogue:
            found = enumerate(_datasets(catalogue.items))
            count = len({remote_id(dataset) or at for at, (dataset, _) in found})
    except HarvestError as error:
        if error.code in _NOT_OURS:
            return None
        raise
    return Probe(catalogue.title or str(urlsplit(catalogue.where).hostname or url), count)


#: Gives the items of one of the file's lists by its name.
Lists = Callable[[str], Iterator[Any]]


@dataclass(frozen=True)
class _Catalogue:
    """The file: where it is, what it is called, and its lists."""

    where: str
    title: str
    items: Lists


@contextmanager
def _opened(url: str, fetch: Fetch) -> Iterator[_Catalogue]:
    """The file at an address or of the site there.

    Raises `unexpected_answer` when it lists no datasets; of a large file when it was read through.
    """
    body = fetch.stream(url, headers=_ACCEPT)
    try:
        if body.is_html:
            body.file.close()
            body = fetch.stream(_of_the_site(url, body.url), headers=_ACCEPT)
        if body.file.seek(0, os.SEEK_END) <= WHOLE:
            body.file.seek(0)
            yield _whole(Response(body.url, body.file.read()))
        else:
            yield _Catalogue(body.url, "", _Streaming(body).items)
    finally:
        body.file.close()


def _of_the_site(url: str, answered: str) -> str:
    parts = urlsplit(answered)
    known = parts._replace(path="/data.json", query="", fragment="").geturl()
    if is_local(url) or known == answered:
        raise HarvestError("html_instead_of_data", where=answered)
    return known


def _whole(answer: Response) -> _Catalogue:
    data = answer.json()
    given = data if isinstance(data, Mapping) else {}
    if "@graph" in given or not any(isinstance(given.get(name), list) for name in _LISTS):
        said = sentence({name: given.get(name) for name in ("message", "error")})
        code, detail = ("api_error", said) if said else ("unexpected_answer", "dataset")
        raise HarvestError(code, where=answer.url, detail=detail)
    return _Catalogue(answer.url, text(given.get("title")), _lists_of(given))


def _lists_of(catalogue: Mapping[str, Any]) -> Lists:
    return lambda name: iter(_listed(catalogue.get(name)))


class _Streaming:
    """The lists of a large file, each in one pass over it; not all need be there."""

    def __init__(self, body: Streamed):
        self._body = body
        self._found = False

    def items(self, name: str) -> Iterator[Any]:
        """Raises `unexpected_answer` at the last list when none was there."""
        try:
            for item in self._body.json_items(name):
                self._found = True
                yield item
        except HarvestError as error:
            if error.code != "unexpected_answer" or (name == _LISTS[-1] and not self._found):
                raise


def _datasets(items: Lists, depth: int = DEPTH) -> Iterator[tuple[Any, str]]:
    """Each dataset with the title of the series that it came in, if it came in one."""
    for item in items("dataset"):
        yield item, ""
    for series in items("datasetSeries"):
        if isinstance(series, Mapping):
            ends = [series.get("first"), series.get("last")]
            for member in [*_listed(series.get("seriesMember")), *ends]:
                if isinstance(member, Mapping) and "title" in member:
                    yield member, text(series.get("title"))
    for inner in items("catalog"):
        if depth and isinstance(inner, Mapping):
            yield from _datasets(_lists_of(inner), depth - 1)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []


@dataclass
class _Reading:
    """Turns a file into items. A dataset that stands in a series and beside it is given once."""

    where: str
    in_series: set[str] = field(default_factory=set)
    beside: set[str] = field(default_factory=set)

    def items(self, catalogue: _Catalogue) -> Iterator[Item]:
        count = 0
        for dataset, series in _datasets(catalogue.items):
            id_ = remote_id(dataset)
            if id_ and id_ in (self.in_series | self.beside if series else self.in_series):
                continue
            (self.in_series if series else self.beside).add(id_)
            count += 1
            yield self._item(dataset, series, id_)
        yield End(True, count)

    def _item(self, dataset: Any, series: str, id_: str) -> Item:
        given = {**dataset, "series": series} if series else dataset
        try:
            return to_record(given, self.where)
        except HarvestError as error:
            problem: Problem = error.problem
            return Failure(problem.of(id_) if id_ else problem)


SOURCE = SourceType(
    type="datajson",
    title={"vi": "Tệp data.json (DCAT-US)", "en": "data.json file (DCAT-US)"},
    settings=Settings,
    read=read,
    probe=probe,
    mapping=MAPPING,
)
