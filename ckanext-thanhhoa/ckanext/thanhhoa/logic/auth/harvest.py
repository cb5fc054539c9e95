"""Who may run, see and judge runs: the editors of the organisation that the source belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan.types import AuthResult, Context, DataDict
from ckanext.thanhhoa import runs
from ckanext.thanhhoa.logic.auth.source import EDITOR, has_role, of_source
from ckanext.thanhhoa.logic.refusals import refusal

from harvesters.errors import HarvestError


def of_run(context: Context, data_dict: DataDict) -> AuthResult:
    """Editors of the organisation of the run's source."""
    try:
        row = runs.find(str(data_dict.get("run") or ""))
    except HarvestError as error:
        raise refusal(error.problem, "vi") from error
    return has_role(context, row.org_id, EDITOR)


def harvest_status(context: Context, data_dict: DataDict) -> AuthResult:
    """Of one run, or of one source's runs."""
    if data_dict.get("run"):
        return of_run(context, data_dict)
    return of_source(EDITOR)(context, data_dict)


AUTH: dict[str, Callable[..., Any]] = {
    "thanhhoa_harvest_run": of_source(EDITOR),
    "thanhhoa_harvest_plan": of_source(EDITOR),
    "thanhhoa_harvest_approve": of_run,
    "thanhhoa_harvest_reject": of_run,
    "thanhhoa_harvest_undo": of_run,
    "thanhhoa_harvest_cancel": of_run,
    "thanhhoa_harvest_status": harvest_status,
}
