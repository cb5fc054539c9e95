"""Which records of a source are wanted: ``only`` and ``skip`` of a mapping. Pure.

``only`` holds when each of its conditions does, ``skip`` when one of its does. A condition is a
value, a list of values, or an object of the words below, all of which must hold. Texts are compared
without regard to capitals, the place of a tone mark and outer blanks; accents count. There are no
regular expressions: one written carelessly could hold a worker for hours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harvesters.paths import at_path
from schemas.text import tone

CONDITIONS = ("equals", "in", "contains", "starts_with", "ends_with", "like", "present")


def is_wanted(fields: Mapping[str, Any], mapping: Mapping[str, Any]) -> bool:
    """Whether the filters of a mapping let a record through."""
    only, skip = mapping.get("only") or {}, mapping.get("skip") or {}
    return all(_holds(fields, *item) for item in only.items()) and not any(
        _holds(fields, *item) for item in skip.items()
    )


def _holds(fields: Mapping[str, Any], path: str, condition: Any) -> bool:
    found = at_path(fields, path)
    words = condition if isinstance(condition, Mapping) else {"in": _as_list(condition)}
    if "present" in words and words["present"] != (found not in (None, "", [], {})):
        return False
    tests = [(word, value) for word, value in words.items() if word != "present"]
    if not tests:
        return True
    # One item of a list is enough, but it must pass all the tests.
    return any(
        all(_TESTS[word](plain(item), value) for word, value in tests) for item in _as_list(found)
    )


def plain(value: Any) -> str:
    """A value as it is compared."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else tone(str(value)).strip().casefold()


def _among(text: str, values: Any) -> bool:
    return text in [plain(value) for value in _as_list(values)]


def _like(text: str, pattern: Any) -> bool:
    """``*`` stands for any text. Each part is looked for once, from left to right."""
    first, *parts = plain(pattern).split("*")
    if not parts:
        return text == first
    if not text.startswith(first):
        return False
    at, last = len(first), parts.pop()
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(last) >= at and text.endswith(last)


_TESTS: Mapping[str, Callable[[str, Any], bool]] = {
    "equals": _among,
    "in": _among,
    "contains": lambda text, value: any(plain(v) in text for v in _as_list(value)),
    "starts_with": lambda text, value: text.startswith(tuple(map(plain, _as_list(value)))),
    "ends_with": lambda text, value: text.endswith(tuple(map(plain, _as_list(value)))),
    "like": lambda text, value: any(_like(text, v) for v in _as_list(value)),
}


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else [value]
