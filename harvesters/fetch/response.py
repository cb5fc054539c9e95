"""What came back from a source, and the first honest look at it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from harvesters.errors import HarvestError

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PLAIN = msgspec.json.Decoder()
_EXACT = msgspec.json.Decoder(float_hook=Decimal)
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")


@dataclass(frozen=True)
class Response:
    """A whole body within the caps. `url` carries no credentials; header names are lower case."""

    url: str
    content: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page, whatever its Content-Type says."""
        return looks_like_html(self.content[:1024])

    def text(self) -> str:
        """The body as text: UTF-8 (a BOM is taken off), UTF-16 with BOM, else `unknown_encoding`.

        A trailing NUL byte, as PX-Web exports carry it, is taken off.
        """
        wide = self.content[:2] in (b"\xff\xfe", b"\xfe\xff")
        body = self.content if wide else self.content.rstrip(b"\x00")
        encoding = "utf-16" if wide else "utf-8-sig"
        try:
            return body.decode(encoding)
        except UnicodeDecodeError as error:
            raise HarvestError("unknown_encoding", where=self.url, at=error.start) from error

    def json(self, exact: bool = False) -> Any:
        """The body as JSON. Raises `html_instead_of_data`, `truncated`, `not_json`.

        With `exact`, fractions come as Decimal, so that a figure stays what was published.
        """
        if self.is_html:
            raise HarvestError("html_instead_of_data", where=self.url)
        try:
            # Good JSON, which is nearly all, at twice the speed; what is odd or broken goes on.
            return (_EXACT if exact else _PLAIN).decode(self.content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._odd_json(exact)

    def _odd_json(self, exact: bool) -> Any:
        """Byte order marks, other encodings, NaN, half characters; or what is wrong with it."""
        text = self.text()
        if not text.strip():
            raise HarvestError("truncated", where=self.url, at=0)
        try:
            data = json.loads(
                text,
                parse_float=Decimal if exact else None,
                parse_constant=lambda name: None,  # NaN and Infinity are no numbers of JSON
            )
            return _without_lone_surrogates(data) if _SURROGATE.search(text) else data
        except json.JSONDecodeError as error:
            at_the_end = error.pos >= len(text.rstrip()) - 1 and error.msg != "Extra data"
            cut = at_the_end or error.msg.startswith("Unterminated")
            code = "truncated" if cut else "not_json"
            raise HarvestError(code, where=self.url, at=error.pos) from error
        except ValueError as error:  # a whole number of thousands of digits
            raise HarvestError("not_json", where=self.url, at=0) from error
        except RecursionError as error:
            raise HarvestError("too_deep", where=self.url) from error


def looks_like_html(start: bytes) -> bool:
    """Whether a body that starts like this is a web page."""
    start = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    led_in = start.startswith((b"<!--", b"<?xml"))
    return start.startswith(_HTML) or (led_in and (b"<html" in start or _HTML[0] in start))


def _without_lone_surrogates(value: Any) -> Any:
    """JSON may escape half a character; no database takes it, so it becomes "?"."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            _without_lone_surrogates(key): _without_lone_surrogates(item)
            for key, item in value.items()
        }
    return value
