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

#: Letters that only Vietnamese has; a text without any was written by a program.
ACCENTS = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
#: What a person can be told to do.
STEPS = re.compile(
    r"\b(?:kiểm tra|chạy lại|báo cho|báo|mở|lưu|chia|đề nghị|sửa|hỏi|cấp|gửi|bổ sung|khai báo|nhập"
    r"|đợi|bỏ|chọn|giá trị cần có|không cần làm gì)\b",
    re.IGNORECASE,
)
#: Traces of the program: stack traces, names of classes and modules, addresses of objects.
INTERNALS = re.compile(
    r"Traceback|\w(?:Error|Exception)\b|Errno|0x[0-9a-f]{6,}|<class |\bobject at\b"
    r"|\bNone(?:Type)?\b|\.py\b|(?:harvesters|urllib3?|psycopg2?|requests|ckanext)\.\w"
)
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
        assert not INTERNALS.search(text), text
    assert_plain_vietnamese(vietnamese.message, vietnamese.hint)


def assert_plain_vietnamese(message: str, hint: str) -> None:
    """With its accents, and a hint that says what to do."""
    for text in (message, hint):
        assert ACCENTS.search(text), text
        assert not INTERNALS.search(text), text
    assert STEPS.search(hint), hint


class Stopwatch:
    """How long a block took."""

    def __enter__(self) -> Stopwatch:
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._began
