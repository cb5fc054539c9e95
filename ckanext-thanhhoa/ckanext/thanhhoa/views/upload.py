"""The page of a file that a clerk uploads: what was read of it, what will change, one button."""

from __future__ import annotations

from typing import Any

import flask
from ckan.plugins import toolkit
from ckanext.thanhhoa import config, uploads
from ckanext.thanhhoa.change_words import letter
from ckanext.thanhhoa.views.acting import act, tell
from ckanext.thanhhoa.views.sources import sources

from harvesters.fetch.body import size_in_words
from harvesters.tables.workbook import SUFFIXES

#: Changes of the plan that are shown here; its own page has all.
CHANGES = 20


@sources.route("/<name>/tep")
def file(name: str) -> Any:
    """The file as it is now, what was read of it, and the latest plan."""
    source = act("thanhhoa_source_show", {"id": name})
    if source["type"] != uploads.TYPE:
        return toolkit.redirect_to("thanhhoa_sources.read", name=source["name"])
    found = act("thanhhoa_source_preview", {"id": source["id"]})
    report = _latest(source) if found["file"] else None
    return toolkit.render(
        "thanhhoa/upload.html",
        {
            "source": source,
            "found": found,
            "hints": (found["file"] or {}).get("hints", {}),
            "size": _size(found["file"]["size"]) if found["file"] else "",
            "report": report,
            "letter": letter(report) if report else "",
            "suffixes": ",".join(SUFFIXES),
            "largest": _size(config.upload_bytes()),
        },
    )


@sources.route("/<name>/tep", methods=["POST"])
def take(name: str) -> Any:
    """Takes a file and asks for its plan."""
    return _said(name, {"upload": flask.request.files.get("upload")})


@sources.route("/<name>/tep/cach-doc", methods=["POST"])
def read_as(name: str) -> Any:
    """What the clerk answered on how to read the file; a new plan is asked for."""
    return _said(name, {"hints": _hints(flask.request.form)})


def _said(name: str, data: dict[str, Any]) -> Any:
    try:
        act("thanhhoa_source_upload", {"id": name, **data})
    except toolkit.ValidationError as error:
        tell(error)
    return toolkit.redirect_to("thanhhoa_sources.file", name=name)


def _latest(source: dict[str, Any]) -> dict[str, Any] | None:
    listed = act("thanhhoa_harvest_status", {"source": source["name"], "limit": 1})["runs"]
    if not listed:
        return None
    asked = {"run": listed[0]["run"], "changes_limit": CHANGES}
    report: dict[str, Any] = act("thanhhoa_harvest_status", asked)
    return report


def _hints(form: Any) -> dict[str, Any]:
    """The fields of the form as the words of a YAML beside a file.

    A sheet has a number in the form, its name beside it: names may hold anything.
    """
    names = form.getlist("sheet")
    taken = [names[int(n)] for n in form.getlist("take") if n.isdecimal() and int(n) < len(names)]
    header = {}
    for number, name in enumerate(names):
        first = form.get(f"first-{number}", "").strip()
        last = form.get(f"last-{number}", "").strip()
        if first or last:
            header[_pattern(name)] = f"{first or last}-{last or first}"
    return {
        "title": form.get("title", "").strip(),
        "dataset_per": form.get("dataset_per", ""),
        "decimal": form.get("decimal", ""),
        "hidden": True if form.get("hidden") else None,
        "sheets": [_pattern(name) for name in taken] if len(taken) < len(names) else [],
        "header": header,
    }


def _size(size: int) -> str:
    number, _, unit = size_in_words(size).partition(" ")
    return f"{toolkit.h.thanhhoa_number(number)} {unit}"


def _pattern(name: str) -> str:
    """A sheet's name as a pattern that fits it alone; "*" stands for the one without a name."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name) or "*"
