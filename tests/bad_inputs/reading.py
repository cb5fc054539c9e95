"""Reading a source as a run does, and judging what is said of what went wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any

from harvesters.errors import HarvestError, Problem
from harvesters.fetch.fetcher import Fetcher
from harvesters.messages import say
from harvesters.model import End, Failure, Item
from harvesters.problem_words import MESSAGES
from harvesters.registry import settings_of, source_type
from harvesters.settings import parse_config

#: Quick to give up, so that a test need not wait.
FETCH = {"deadline": 5, "timeout": 2, "retries": 0, "requests_per_second": 1000}


def read(
    type_: str,
    url: str,
    allow: Sequence[str],
    config: Mapping[str, Any] | None = None,
    secret: str = "",
) -> tuple[list[Item], HarvestError | None]:
    """What came, and the error that ended the reading. Anything but a HarvestError is a bug."""
    parsed = parse_config({"fetch": FETCH, **(config or {})})
    items: list[Item] = []
    with Fetcher(allow, parsed.fetch, parsed.auth, lambda reference: secret, home=url) as fetch:
        try:
            settings = settings_of(type_, url, parsed.read)
            for item in source_type(type_).read(settings, fetch, {}):
                items.append(item)
        except HarvestError as error:
            return items, error
    return items, None


def problems(items: Sequence[Item], error: HarvestError | None) -> list[Problem]:
    """Everything that was said to be wrong: failures, the end, the error."""
    found = [item.problem for item in items if isinstance(item, Failure)]
    found += [item.problem for item in items if isinstance(item, End) and item.problem]
    return found + ([error.problem] if error else [])


def only_problem(items: Sequence[Item], error: HarvestError | None) -> Problem:
    """The one thing that was wrong, whether one record's or the whole reading's."""
    (problem,) = problems(items, error)
    assert_said_well(problem)
    return problem


def assert_said_well(problem: Problem) -> None:
    """A sentence and a next step in both languages, without gaps or traces of the program."""
    known = {**problem.params, "where": problem.where}
    for template in MESSAGES[problem.code]:
        for _, name, _, _ in Formatter().parse(re.sub(r"\[.*?\]", "", template)):
            assert name is None or known.get(name), f"{problem}: {name} is missing in {template}"
    vietnamese, english = say(problem, "vi"), say(problem, "en")
    assert vietnamese != english
    for text in (vietnamese.message, vietnamese.hint, english.message, english.hint):
        assert text.strip()
        assert "Traceback" not in text, text
        assert "Error(" not in text, text


class Stopwatch:
    """How long a block took."""

    def __enter__(self) -> Stopwatch:
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._began
