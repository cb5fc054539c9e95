"""Looking at a source without writing: can it be reached, what is there, how is it read?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from ckanext.thanhhoa import sources
from ckanext.thanhhoa.words import word

from harvesters import mapping
from harvesters.errors import HarvestError, Problem
from harvesters.messages import report_entry
from harvesters.model import End, Failure, Item, Record, SourceType, Unchanged
from harvesters.plan import internal
from harvesters.ports import Source
from harvesters.registry import settings_of, source_type

#: Records that are read to show what will come.
SAMPLE = 3
#: Seconds that a person waits for the answer at most.
DEADLINE = 30.0


def check(row: Any, lang: str = "vi") -> dict[str, Any]:
    """What was found at the source (its row), in words and as data. Writes nothing.

    `{"source", "ok", "title", "datasets", "records": [{"record", "title", "resources": [{"name",
    "format", "columns", "rows"}]}], "errors": [as in a run's report], "message"}`.
    """
    found: dict[str, Any] = {"source": row.name, "title": None, "datasets": None, "records": []}
    problems: list[Problem] = []
    try:
        _look(row, found, problems)
    except HarvestError as error:
        problems.append(error.problem)
    except Exception as error:
        problems.append(internal(error))
    found["ok"] = not problems
    found["errors"] = [report_entry(problem, lang) for problem in problems]
    found["message"] = _sentence(found, lang)
    return found


def _look(row: Any, found: dict[str, Any], problems: list[Problem]) -> None:
    source = sources.as_source(row)
    kind = source_type(source.type)
    settings = settings_of(source.type, source.url, source.config.read)
    deadline = min(DEADLINE, source.config.fetch.deadline)
    with sources.fetcher(row, deadline=deadline) as fetch:
        probe = kind.probe(source.url, fetch)
        if probe is not None:
            found |= {"title": probe.title, "datasets": probe.datasets}
        with closing(as_generator(kind.read(settings, fetch, {}))) as items:
            for item in itertools.islice(items, SAMPLE):
                _take(item, source, kind, found, problems)


def as_generator(items: Iterator[Item]) -> Any:
    """Closing it stops the reading, whatever kind of iterator a source gives."""
    yield from items


def _take(
    item: Item, source: Source, kind: SourceType, found: dict[str, Any], problems: list[Problem]
) -> None:
    if isinstance(item, Failure):
        problems.append(item.problem)
    elif isinstance(item, Record):
        problems.extend(note.of(item.remote_id) for note in item.notes)
        try:
            found["records"].append(_described(item, source, kind))
        except HarvestError as error:
            problems.append(error.problem.of(item.remote_id))
    elif isinstance(item, End) and item.problem is not None:
        problems.append(item.problem)
    elif isinstance(item, Unchanged):
        raise TypeError(f"{kind.type}: Unchanged although nothing is known")


def _described(record: Record, source: Source, kind: SourceType) -> dict[str, Any]:
    rules = mapping.combine(kind.mapping, source.config.mapping)
    dataset, _ = mapping.map_record(source.id, record, rules, {})
    shown = []
    for mapped, resource in zip(dataset.resources, record.resources, strict=True):
        entry = {"name": mapped.fields.get("name"), "format": mapped.fields.get("format")}
        if resource.table is not None:
            entry["columns"] = [column.name for column in resource.table.columns]
            entry["rows"] = len(resource.table.rows)
        shown.append(entry)
    return {"record": record.remote_id, "title": dataset.fields["title"], "resources": shown}


def _sentence(found: dict[str, Any], lang: str) -> str:
    if not found["records"]:
        key = "check_nothing" if found["ok"] else "check_failed"
        return word(key, lang, title=found["title"] or found["source"])
    known = found["datasets"] is not None
    return word(
        "check_counted" if known else "check_read",
        lang,
        title=found["title"] or found["source"],
        datasets=found["datasets"],
        read=len(found["records"]),
    )
