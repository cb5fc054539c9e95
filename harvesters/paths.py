"""Paths into a record (``metadata.title``, ``authors.0.name``, ``files.*.key``) and templates.

A step is a key, a place in a list, or ``*`` for each item of a list (or each value of an object).
A key that has a dot in it is found by its whole name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_BRACED = re.compile(r"\{([^{}]+)\}")


def at_path(source: Any, path: str) -> Any:
    """The value at a path, None when there is none; with ``*`` the list of all that are there."""
    if path in ("", "."):
        return source
    if isinstance(source, Mapping) and path in source:
        return source[path]
    step, _, rest = path.partition(".")
    if step == "*":
        found = (at_path(item, rest) for item in _items(source))
        kept = [value for value in found if value is not None]
        return [v for value in kept for v in value] if "*" in rest.split(".") else kept
    if isinstance(source, Mapping):
        return at_path(source.get(step), rest)
    if _is_list(source) and step.isdecimal() and int(step) < len(source):
        return at_path(source[int(step)], rest)
    return None


def filled(template: str, source: Any, write: Callable[[str], str] = str) -> str:
    """The template with the values at its paths in braces; `write` may quote each of them."""
    return _BRACED.sub(lambda match: write(_shown(at_path(source, match[1]))), template)


def paths_in(template: str) -> list[str]:
    """The paths in braces of a template."""
    return _BRACED.findall(template)


def without(source: Any, paths: Iterable[str]) -> Any:
    """A copy of a JSON-able value without what stands at the paths."""
    split = [path.split(".") for path in paths if path]
    return _pruned(source, split) if split else source


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(item) for item in value)
    return "" if value is None else str(value)


def _pruned(source: Any, paths: list[list[str]]) -> Any:
    if isinstance(source, Mapping):
        kept = {}
        for key, value in source.items():
            below = [rest for path in paths for rest in _below(path, str(key))]
            if [] not in below:
                kept[key] = _pruned(value, below) if below else value
        return kept
    if _is_list(source):
        return [
            _pruned(item, below) if (below := _into_list(paths, str(place))) else item
            for place, item in enumerate(source)
            if [] not in _into_list(paths, str(place))
        ]
    return source


def _below(path: list[str], key: str) -> list[list[str]]:
    """What is left of a path behind a key, which may hold dots itself."""
    if path and path[0] in (key, "*"):
        return [path[1:]]
    steps = key.split(".")
    return [path[len(steps) :]] if len(steps) > 1 and path[: len(steps)] == steps else []


def _into_list(paths: list[list[str]], place: str) -> list[list[str]]:
    return [path[1:] for path in paths if path and path[0] in (place, "*")]


def _items(source: Any) -> Iterable[Any]:
    if isinstance(source, Mapping):
        return list(source.values())
    return source if _is_list(source) else ()


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
