"""What is at a URL? Every source type is asked, those that know their own sort best first."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from harvesters.errors import HarvestError, Problem
from harvesters.fetch import Fetch
from harvesters.fetch.uploads import is_upload
from harvesters.model import Probe, SourceType
from harvesters.registry import source_types

#: Types whose answer nothing else could have given, in the order in which they are asked; those
#: that are not named here come after them by name.
_FIRST = ("sql", "sdmx", "pxweb", "ckan", "oaipmh", "csw", "wfs", "sensorthings", "dcat")
#: Types that make something of almost any answer: asked only when nobody else knows it.
_LAST = ("files", "rest")
#: A file by its name is no service; asking for it a dozen times would only fetch it so often.
_FILE_NAMES = (".xlsx", ".xlsm", ".xls", ".csv", ".tsv", ".zip")
#: After these nobody else gets an answer either.
_FINAL = ("unreachable", "tls_error", "deadline", "credentials_in_url", "host_key_unknown")


@dataclass(frozen=True)
class Match:
    """A source type that recognises a URL, and what it found there."""

    type: str
    probe: Probe


@dataclass(frozen=True)
class Probed:
    """The types that recognise a URL, the likeliest first; else why none could."""

    matches: tuple[Match, ...]
    problem: Problem | None = None


def probe_all(url: str, fetch: Fetch) -> Probed:
    """Which source types recognise a URL. Contacts it; raises nothing expected.

    A type that fails does not stop the others, unless the place itself cannot be reached.
    """
    matches: list[Match] = []
    problem: Problem | None = None
    for source in _in_order(url):
        if source.type in _LAST and matches:
            break
        try:
            probe = source.probe(url, fetch)
        except HarvestError as error:
            problem = problem or error.problem
            if error.code in _FINAL:
                break
            continue
        if probe is not None:
            matches.append(Match(source.type, probe))
    return Probed(tuple(matches), None if matches else problem)


def _in_order(url: str) -> list[SourceType]:
    types = source_types()
    if is_upload(url):
        return [types["upload"]]
    if urlsplit(url).path.lower().endswith(_FILE_NAMES):
        return [types["files"]]
    named = [*_FIRST, *sorted(set(types) - {*_FIRST, *_LAST, "upload"}), *_LAST]
    return [types[name] for name in named if name in types]
