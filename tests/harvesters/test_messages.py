"""Problems in words: optional parts, figures and states in the reader's language."""

from __future__ import annotations

import pytest

from harvesters.errors import Problem
from harvesters.messages import say


@pytest.mark.parametrize(
    ("near", "begins"), [("so-y-te", "Có phải là “so-y-te”? Xem"), ("", "Xem các nguồn")]
)
def test_a_name_is_proposed_only_when_one_is_near(near: str, begins: str) -> None:
    problem = Problem("source_unknown", params={"name": "so-te", "nearest": near})
    assert say(problem).hint.startswith(begins)


def test_figures_and_their_units_are_written_as_the_reader_does() -> None:
    params = {"limit": "100000 tệp", "limit_en": "100000 files"}
    problem = Problem("too_large", "bao-cao.xlsx", params=params)
    assert "100.000 tệp." in say(problem, "vi").message
    assert "100,000 files." in say(problem, "en").message


def test_a_state_is_said_in_words() -> None:
    problem = Problem("not_waiting", params={"run": "r1", "state": "applied"})
    assert "đã xong" in say(problem, "vi").message


def test_a_sentence_within_a_sentence_ends_once() -> None:
    params = {"field": "issued", "value": "x", "detail": "Ngày “x” không đúng. Ghi 2025-06-30."}
    assert say(Problem("bad_value", params=params)).message.endswith("Ghi 2025-06-30.")
