"""What came back from a source, and the first honest look at it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from harvesters.errors import HarvestError

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
        start = self.content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith(_HTML) or (start.startswith(b"<!--") and b"<html" in start)

    def text(self) -> str:
        """The body as text: UTF-8 (a BOM is taken off), UTF-16 with BOM, else `unknown_encoding`.

        A trailing NUL byte, as PX-Web exports carry it, is taken off.
        """
        body = self.content.rstrip(b"\x00")
        encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
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
        text = self.text()
        if not text.strip():
            raise HarvestError("truncated", where=self.url, at=0)
        try:
            return json.loads(text, parse_float=Decimal if exact else None)
        except json.JSONDecodeError as error:
            cut = error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated")
            code = "truncated" if cut else "not_json"
            raise HarvestError(code, where=self.url, at=error.pos) from error
        except RecursionError as error:
            raise HarvestError("too_deep", where=self.url) from error
