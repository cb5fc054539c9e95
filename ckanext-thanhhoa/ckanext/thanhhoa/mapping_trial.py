"""A source's mapping tried on a few of its records: source value beside result. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from ckanext.thanhhoa import sources
from ckanext.thanhhoa.source_check import as_generator
from ckanext.thanhhoa.words import word

from harvesters import mapping
from harvesters.errors import HarvestError, Problem
from harvesters.mapping.trial import Line, says_nothing, try_record
from harvesters.messages import report_entry
from harvesters.model import End, Failure, Item, Record
from harvesters.plan import internal
from harvesters.registry import settings_of, source_type
from harvesters.settings import parse_config

#: Records that are read at most; the reading stops then.
ROWS = 5
#: Seconds that a person waits for the answer at most.
DEADLINE = 30.0
#: A value longer than this is cut.
SHOWN = 600
#: Parts of a configuration that may be tried before they are saved: neither reaches another host.
TRIED = ("mapping", "read")


def try_mapping(
    row: Any, config: Mapping[str, Any] | None = None, rows: int = ROWS, lang: str = "vi"
) -> dict[str, Any]:
    """What the mapping makes of the first records of a source (its row).

    `config` is one that is not saved yet; only its `mapping` and `read` are tried. Gives
    `{"source", "ok", "message", "records": [{"record", "wanted", "fails", "fields": [{"field",
    "source": {path: value}, "result", "problems"}], "resources": [[as fields]], "resources_total",
    "problems"}], "errors"}`; problems and errors as in a run's report.
    """
    found: dict[str, Any] = {"source": row.name, "records": []}
    problems: list[Problem] = []
    try:
        _read(row, config, max(1, min(rows, ROWS)), found, problems, lang)
    except HarvestError as error:
        problems.append(error.problem)
    except Exception as error:
        problems.append(internal(error))
    found["errors"] = [report_entry(problem, lang) for problem in problems]
    failing = sum(record["fails"] for record in found["records"])
    found["ok"] = not problems and not failing
    found["message"] = _sentence(found, failing, lang)
    return found


def _read(
    row: Any,
    config: Mapping[str, Any] | None,
    rows: int,
    found: dict[str, Any],
    problems: list[Problem],
    lang: str,
) -> None:
    source = sources.as_source(row)
    own = {key: (config or {})[key] for key in TRIED if key in (config or {})}
    tried = parse_config({**row.config, **own})
    kind = source_type(source.type)
    settings = settings_of(source.type, source.url, tried.read)
    rules = mapping.combine(kind.mapping, tried.mapping)
    mapping.check_mapping(rules)
    deadline = min(DEADLINE, source.config.fetch.deadline)
    with (
        sources.fetcher(row, deadline=deadline) as fetch,
        closing(as_generator(kind.read(settings, fetch, {}))) as items,
    ):
        for item in items:
            _take(item, rules, found, problems, lang)
            if len(found["records"]) >= rows:
                return


def _take(
    item: Item, rules: Mapping[str, Any], found: dict[str, Any], problems: list[Problem], lang: str
) -> None:
    if isinstance(item, Record):
        found["records"].append(_shown_record(item, rules, lang))
    elif isinstance(item, Failure) or (isinstance(item, End) and item.problem is not None):
        problems.append(item.problem)  # type: ignore[arg-type]


def _shown_record(record: Record, rules: Mapping[str, Any], lang: str) -> dict[str, Any]:
    trial = try_record(record, rules)
    return {
        "record": trial.record,
        "wanted": trial.is_wanted,
        "fails": trial.fails,
        "fields": _shown_lines(trial.lines, lang),
        "resources": [_shown_lines(lines, lang) for lines in trial.resources],
        "resources_total": trial.total,
        "problems": [report_entry(problem, lang) for problem in trial.problems],
    }


def _shown_lines(lines: tuple[Line, ...], lang: str) -> list[dict[str, Any]]:
    return [
        {
            "field": line.field,
            "source": {path: cut(value) for path, value in line.source.items()},
            "result": cut(line.result),
            "problems": [report_entry(problem, lang) for problem in line.problems],
        }
        for line in lines
        if not says_nothing(line)
    ]


def cut(value: Any) -> Any:
    """The value as it is, or the beginning of its text where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > SHOWN:
        return text[: SHOWN - 1] + "…"
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else text


def _sentence(found: Mapping[str, Any], failing: int, lang: str) -> str:
    if not found["records"]:
        return word(
            "check_failed" if found["errors"] else "trial_nothing", lang, title=found["source"]
        )
    read = len(found["records"])
    if failing:
        return word("trial_failing", lang, read=read, failing=failing)
    left_out = sum(not record["wanted"] for record in found["records"])
    return word("trial_left_out" if left_out else "trial_good", lang, read=read, left_out=left_out)
