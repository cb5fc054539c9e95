"""What a gateway's answer says: did it fail, where are its records, what names each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harvesters.errors import HarvestError
from harvesters.fetch.refusals import sentence
from harvesters.paths import at_path, filled
from harvesters.sources._paging import Answer
from schemas.text import nfc

#: Where the key of a record stands that came as a value of an object.
KEY = "_key"
#: Levels of lists and objects in one record.
MAX_DEPTH = 60
_FAILED = ("error", "fail", "failed", "failure")


@dataclass(frozen=True)
class Success:
    """``read.success``: how an answer says that all is well, though its status is always 200.

    `path` leads to the flag, `values` are those that mean yes, `message` leads to the sentence.
    """

    path: str = ""
    values: tuple[Any, ...] = (True,)
    message: str = ""


def refuse_failure(answer: Answer, success: Success) -> None:
    """Raises `api_error` with the service's own sentence when it says that it failed."""
    data = answer.data
    if success.path:
        flag = at_path(data, success.path)
        wanted = [str(value).strip().lower() for value in success.values]
        if str(flag).strip().lower() in wanted:
            return
        said = sentence(at_path(data, success.message)) if success.message else sentence(data)
        detail = said or f"{success.path}: {flag}"
        raise HarvestError("api_error", where=answer.url, detail=detail)
    if isinstance(data, Mapping) and (
        data.get("success") is False or str(data.get("status")).lower() in _FAILED
    ):
        raise HarvestError("api_error", where=answer.url, detail=sentence(data) or "success: false")


def collect(answer: Answer, path: str) -> list[Mapping[str, Any]]:
    """The records at a path; a key on the way may stand in each item of a list.

    Null at the path is an empty list. Raises `api_error` or `unexpected_answer` when nothing is
    there at all, or the whole answer is null; `too_deep`.
    """
    found: list[tuple[str, Any]] = [("", answer.data)]
    for step in filter(None, path.split(".")):
        found = [pair for key, value in found for pair in _stepped(key, value, step)]
    if answer.data is None or (not found and path):
        raise _nothing(answer, path)
    records = [_record(key, item) for key, value in found for item in _as_items(value)]
    for record in records:
        _check_depth(record, answer.url)
    return records


def _stepped(key: str, value: Any, step: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        if step == "*":
            yield from ((key, item) for item in value)
        elif step.isdecimal():
            yield from [(key, value[int(step)])] if int(step) < len(value) else []
        else:
            yield from (pair for item in value for pair in _stepped(key, item, step))
    elif isinstance(value, Mapping):
        if step == "*":
            yield from ((str(name), inner) for name, inner in value.items())
        elif step in value:
            yield key, value[step]


def _as_items(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _record(key: str, item: Any) -> Mapping[str, Any]:
    fields = item if isinstance(item, Mapping) else {"value": item}
    return {KEY: key, **fields} if key else fields


def _nothing(answer: Answer, path: str) -> HarvestError:
    """What stood there instead: mostly an error that the service sent as a success."""
    data = answer.data
    keys = [str(key) for key in data][:8] if isinstance(data, Mapping) else []
    if any(key.lower() in ("error", "errors", "message", "fault") for key in keys):
        return HarvestError("api_error", where=answer.url, detail=sentence(data) or path)
    here = f" ({', '.join(keys)})" if keys else ""
    return HarvestError("unexpected_answer", where=answer.url, detail=path + here or "null")


def _check_depth(record: Any, where: str) -> None:
    level, depth = [record], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise HarvestError("too_deep", where=where)
        level = [inner for value in level for inner in _inside(value)]


def _inside(value: Any) -> list[Any]:
    items: Any = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, (Mapping, list)):
        return []
    return [item for item in items if isinstance(item, (Mapping, list))]


def said_by(record: Mapping[str, Any], wanted: str) -> str:
    """What a path or a template gives of a record, as one clean text; "" when nothing."""
    if "{" in wanted:
        value: Any = filled(wanted, record)
    else:
        value = at_path(record, wanted) if wanted else None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return " ".join(nfc(str(value).replace("\x00", "")).split())
