"""Actions on runs. All answer with the run's report (DESIGN.md), in the language of ``lang``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.plugins import toolkit
from ckan.types import Context
from ckanext.thanhhoa import jobs, runs, sources, undo
from ckanext.thanhhoa.logic.refusals import in_words, language
from ckanext.thanhhoa.run_facts import run_report
from ckanext.thanhhoa.whole_numbers import whole_number

from harvesters.retries import RETRIES_FOR_A_PERSON

#: Changes in one answer, unless asked otherwise, and at most.
CHANGES, CHANGES_AT_MOST = 100, 1000
RUNS, RUNS_AT_MOST = 20, 100


def harvest_run(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Asks for a run of ``source`` (id or name): plan, then apply where the guards allow.

    Answers at once, with state ``queued``; a worker does the run. A source that is out of order is
    tried again: until ``not_before`` the run is ``queued`` with its error.
    """
    toolkit.check_access("thanhhoa_harvest_run", context, data_dict)
    return _requested(context, data_dict, "run")


def harvest_plan(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Asks for a plan of ``source`` (id or name); nothing is written to the catalogue."""
    toolkit.check_access("thanhhoa_harvest_plan", context, data_dict)
    return _requested(context, data_dict, "plan")


def harvest_approve(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Has a held or planned ``run`` read again and applied as it was planned. Answers at once.

    If the source gives another plan by then, the run is held again with ``source_changed``.
    """
    toolkit.check_access("thanhhoa_harvest_approve", context, data_dict)
    row = runs.find(str(data_dict.get("run") or ""))
    runs.approve(row.id, context.get("user"))
    model.Session.commit()
    jobs.wake([row.id], runs.PERSON)
    return run_report(row.id, language(data_dict), changes=0)


def harvest_reject(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Rejects a held or planned ``run``: it will not be applied."""
    toolkit.check_access("thanhhoa_harvest_reject", context, data_dict)
    row = runs.find(str(data_dict.get("run") or ""))
    runs.reject(row.id, context.get("user"))
    model.Session.commit()
    return run_report(row.id, language(data_dict), changes=0)


def harvest_undo(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Takes a ``run`` back: metadata, resources, files, tables, withdrawals.

    Answers at once with the report of the run that does it. What was edited or built on since is
    kept and reported. With ``preview: true`` nothing is done:

    :returns: a report, or ``{"run", "source", "changes", "notes", "lines", "lines_total"}``
    """
    toolkit.check_access("thanhhoa_harvest_undo", context, data_dict)
    row = runs.find(str(data_dict.get("run") or ""))
    lang = language(data_dict)
    if toolkit.asbool(data_dict.get("preview", False)):
        return undo.preview(row.id, lang)
    run_id = undo.request(row.id, context.get("user"))
    model.Session.commit()
    jobs.wake([run_id], runs.PERSON)
    return run_report(run_id, lang, changes=0)


def harvest_cancel(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Asks a ``run`` that is queued or under way to stop; what it has written stays."""
    toolkit.check_access("thanhhoa_harvest_cancel", context, data_dict)
    row = runs.find(str(data_dict.get("run") or ""))
    runs.cancel(row.id, context.get("user"))
    model.Session.commit()
    return run_report(row.id, language(data_dict), changes=0)


@toolkit.side_effect_free
def harvest_status(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """The report of ``run``, or with ``source`` the reports of its latest runs, newest first.

    :param changes_limit: changes in the report of one run (100; at most 1000)
    :param changes_offset: the first of them
    :param limit: number of runs of a source (20; at most 100); they come without changes
    :returns: a report, or ``{"source", "runs": [report, …]}``
    """
    toolkit.check_access("thanhhoa_harvest_status", context, data_dict)
    lang = language(data_dict)
    if data_dict.get("run"):
        changes = _number(data_dict, "changes_limit", CHANGES, CHANGES_AT_MOST)
        offset = _number(data_dict, "changes_offset", 0, 10**9)
        return run_report(str(data_dict["run"]), lang, changes=changes, offset=offset)
    row = sources.find(str(data_dict.get("source") or data_dict.get("id") or ""))
    latest = runs.latest(row.id, _number(data_dict, "limit", RUNS, RUNS_AT_MOST))
    return {"source": row.name, "runs": [run_report(id_, lang, changes=0) for id_ in latest]}


def _requested(context: Context, data_dict: dict[str, Any], kind: str) -> dict[str, Any]:
    row = sources.find(str(data_dict.get("source") or data_dict.get("id") or ""))
    run_id = runs.request(row, kind, context.get("user"), tries_again=RETRIES_FOR_A_PERSON)
    model.Session.commit()
    jobs.wake([run_id], runs.PERSON)
    return run_report(run_id, language(data_dict), changes=0)


def _number(data_dict: dict[str, Any], key: str, default: int, most: int) -> int:
    value = whole_number(data_dict, key)
    return max(0, min(default if value is None else value, most))


ACTIONS: dict[str, Callable[..., Any]] = {
    "thanhhoa_harvest_run": in_words(harvest_run),
    "thanhhoa_harvest_plan": in_words(harvest_plan),
    "thanhhoa_harvest_approve": in_words(harvest_approve),
    "thanhhoa_harvest_reject": in_words(harvest_reject),
    "thanhhoa_harvest_undo": in_words(harvest_undo),
    "thanhhoa_harvest_cancel": in_words(harvest_cancel),
    "thanhhoa_harvest_status": in_words(harvest_status),
}
