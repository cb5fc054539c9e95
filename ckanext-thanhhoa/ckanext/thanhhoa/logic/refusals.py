"""The engine's expected errors as CKAN's: with a stable code and words in the caller's language."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.plugins import toolkit
from ckan.types import Context

from harvesters.errors import HarvestError, Problem
from harvesters.messages import say

Action = Callable[[Context, dict[str, Any]], Any]

_NOT_FOUND = {"source_unknown", "run_unknown"}


def language(data_dict: dict[str, Any]) -> str:
    """`vi` or `en`: what the caller asks for, else the page's language, else Vietnamese."""
    asked = data_dict.get("lang")
    if asked is None and toolkit.request:
        asked = toolkit.h.lang()
    return "en" if str(asked or "vi").startswith("en") else "vi"


def refusal(problem: Problem, lang: str) -> Exception:
    """The CKAN error that says the problem: `ObjectNotFound`, or `ValidationError` with
    `{"code": [code], "message": [sentence], "hint": [next step]}`.
    """
    said = say(problem, lang)
    if problem.code in _NOT_FOUND:
        return toolkit.ObjectNotFound(said.message)
    return toolkit.ValidationError(
        {"code": [problem.code], "message": [said.message], "hint": [said.hint]},
        error_summary={said.message: said.hint},
    )


def in_words(action: Action) -> Action:
    """An action whose HarvestErrors become refusals; nothing of it is then saved."""

    @functools.wraps(action)
    def spoken(context: Context, data_dict: dict[str, Any]) -> Any:
        try:
            return action(context, data_dict)
        except HarvestError as error:
            model.Session.rollback()
            raise refusal(error.problem, language(data_dict)) from error

    return spoken
