"""A data.json: the list of datasets of DCAT-US 1.1 (Project Open Data) and 3.0 in one file.

The listing is complete when the file was read to its end. Datasets stand under `dataset`, in a
nested `catalog`, and in 3.0 also inside the series that they are members of; a series itself is a
heading. Quirks of the field: items that are no datasets, identifiers given twice, the required
fields missing or null, an error object with status 200.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch, Response
from harvesters.fetch.grants import is_local
from harvesters.fetch.refusals import sentence
from harvesters.model import End, Failure, Item, Probe, SourceType
from harvesters.sources._datajson_dataset import remote_id, text, to_record
from harvesters.sources._dcat_values import MAPPING

#: Catalogues within catalogues that are followed.
DEPTH = 5
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
    catalogue, where = _catalogue(settings.url, fetch)
    yield from _Reading(where).items(catalogue)


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a data.json answers there: its title and its number of datasets."""
    try:
        catalogue, where = _catalogue(url, fetch)
    except HarvestError as error:
        if error.code in _NOT_OURS:
            return None
        raise
    if "@graph" in catalogue:
        return None
    count = sum(1 for _ in _datasets(catalogue))
    return Probe(text(catalogue.get("title")) or str(urlsplit(where).hostname or where), count)


def _catalogue(url: str, fetch: Fetch) -> tuple[Mapping[str, Any], str]:
    """The file and its address. Raises `unexpected_answer` when it lists no datasets."""
    answer = _get(url, fetch)
    if answer.is_html:
        parts = urlsplit(answer.url)
        known = parts._replace(path="/data.json", query="", fragment="").geturl()
        if is_local(url) or known == answer.url:
            raise HarvestError("html_instead_of_data", where=answer.url)
        answer = _get(known, fetch)
    data = answer.json()
    if isinstance(data, Mapping) and any(isinstance(data.get(name), list) for name in _LISTS):
        return data, answer.url
    errors = data if isinstance(data, Mapping) else {}
    said = sentence({name: errors.get(name) for name in ("message", "error")})
    code, detail = ("api_error", said) if said else ("unexpected_answer", "dataset")
    raise HarvestError(code, where=answer.url, detail=detail)


def _get(url: str, fetch: Fetch) -> Response:
    if is_local(url):
        return fetch.read(url)
    return fetch.get(url, headers={"Accept": "application/json, */*;q=0.1"})


def _datasets(catalogue: Mapping[str, Any], depth: int = DEPTH) -> Iterator[tuple[Any, str]]:
    """Each dataset with the title of the series that it came in, if it came in one."""
    for item in _listed(catalogue.get("dataset")):
        yield item, ""
    for series in _listed(catalogue.get("datasetSeries")):
        if isinstance(series, Mapping):
            ends = [series.get("first"), series.get("last")]
            for member in [*_listed(series.get("seriesMember")), *ends]:
                if isinstance(member, Mapping) and "title" in member:
                    yield member, text(series.get("title"))
    for inner in _listed(catalogue.get("catalog")) if depth else ():
        if isinstance(inner, Mapping):
            yield from _datasets(inner, depth - 1)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []


@dataclass
class _Reading:
    """Turns a file into items. A dataset that stands in a series and beside it is given once."""

    where: str
    in_series: set[str] = field(default_factory=set)
    beside: set[str] = field(default_factory=set)

    def items(self, catalogue: Mapping[str, Any]) -> Iterator[Item]:
        count = 0
        for dataset, series in _datasets(catalogue):
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
