"""A run's report for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ckanext.thanhhoa.words import word

from harvesters.conflicts import label

#: Changes and errors that are printed; `--json` has them all.
SHOWN = 20
#: Characters of a value.
WIDTH = 60


def lines(report: dict[str, Any], lang: str) -> Iterator[str]:
    """The report, line by line: state, counts, why it is held, errors, changes."""
    state, seconds = word(f"state_{report['state']}", lang), report["seconds"]
    took = "" if seconds is None else f" · {word('seconds', lang, seconds=seconds)}"
    yield f"{report['source']}: {state}{took}  [{report['run']}]"
    yield word("counts", lang, **{k: report[k] for k in _COUNTS})
    if report["state"] in ("applied", "held", "planned") and not report["complete"]:
        yield word("incomplete", lang)
    for code, reason in zip(report["held_because"], report["held_reasons"], strict=True):
        yield f"! {reason} [{code}]"
    if report["undone_by"] and report["state"] == "undone":
        yield word("undone_by", lang, run=report["undone_by"])
    yield from _errors(report, lang)
    yield from _notes(report["notes"], lang)
    yield from _changes(report, lang)
    if report["state"] in ("held", "planned"):
        yield word("approve_hint", lang, run=report["run"])


def undo_lines(shown: dict[str, Any], lang: str) -> Iterator[str]:
    """What an undo would do, line by line."""
    yield word("undo_would", lang, run=shown["run"])
    yield from _notes(shown["notes"], lang)
    told = {**shown, "kind": "undo", "changes_total": len(shown["changes"])}
    yield from _changes(told, lang)
    if shown["lines_total"] > shown["lines"]:
        yield word("more_changes", lang, more=shown["lines_total"] - shown["lines"])


_COUNTS = ("created", "updated", "unchanged", "withdrawn", "failed")


def _errors(report: dict[str, Any], lang: str) -> Iterator[str]:
    for error in report["errors"][:SHOWN]:
        record = f"{error['record']}: " if error["record"] else ""
        yield f"- {record}{error['message']} [{error['code']}]"
        yield f"    {error['hint']}"
    if report["errors_total"] > SHOWN:
        yield word("more_errors", lang, more=report["errors_total"] - SHOWN)


def _notes(notes: list[dict[str, Any]], lang: str) -> Iterator[str]:
    for note in notes[:SHOWN]:
        yield f"~ {note['message']} [{note['code']}]"
    if len(notes) > SHOWN:
        yield word("more_notes", lang, more=len(notes) - SHOWN)


def _changes(report: dict[str, Any], lang: str) -> Iterator[str]:
    for change in report["changes"][:SHOWN]:
        verb = "undo" if report["kind"] == "undo" else "action"
        action = word(f"{verb}_{change['action']}", lang)
        yield f"* {action}: {change['title'] or change['record']} ({change['record']})"
        if change["action"] == "update":
            for field in change["fields"]:
                before, after = _short(field["before"]), _short(field["after"])
                yield f"    {_label(field, lang)}: {before} → {after}"
            yield from _tables(change["tables"], lang)
    if report["changes_total"] > SHOWN:
        yield word("more_changes", lang, more=report["changes_total"] - SHOWN)


def _tables(tables: list[dict[str, Any]], lang: str) -> Iterator[str]:
    for table in tables:
        yield "    " + word("table_change", lang, **table)
        for cell in table["cells"][:SHOWN]:
            before, after = _short(cell["before"]), _short(cell["after"])
            column = table["titles"].get(cell["column"], cell["column"])
            yield f"      {cell['row']} · {column}: {before} → {after}"


def _label(field: dict[str, Any], lang: str) -> str:
    """The field's title; its own name where it has none."""
    return label(field["field"], of_resource="resource" in field)[lang != "vi"]


def _short(value: Any) -> str:
    text = "—" if value is None else str(value)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
