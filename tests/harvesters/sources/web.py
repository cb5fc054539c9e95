"""A small web site for tests: what stands at each address, and a source reading it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.model import Item, Probe, Record
from harvesters.registry import settings_of, source_type
from harvesters.settings import Limits

LIMITS = Limits(retries=0, requests_per_second=1000, deadline=20)
Answer = bytes | str | tuple[bytes | str, str] | Response


class Site:
    """Answers by path and query, else by path, else 404. `{base}` is filled in."""

    def __init__(self, server: HTTPServer, limits: Limits = LIMITS):
        self.base = server.url_for("").rstrip("/")
        self.allow = (self.base.removeprefix("http://"),)
        self.pages: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.accepted: list[str] = []
        self.limits = limits
        self.answer: Callable[[Mapping[str, str]], Answer] | None = None
        server.expect_request(re.compile(".*")).respond_with_handler(self._respond)

    def read(self, kind: str, path: str, since: Any = None, **read: Any) -> list[Item]:
        settings = settings_of(kind, self.base + path, read)
        with Fetcher(self.allow, self.limits) as fetch:
            return list(source_type(kind).read(settings, fetch, since or {}))

    def code(self, kind: str, path: str, **read: Any) -> str:
        """The code of the error that reading ends with."""
        try:
            found = self.read(kind, path, **read)
        except HarvestError as error:
            return error.code
        raise AssertionError(f"no error, but {found}")

    def probe(self, kind: str, path: str) -> Probe | None:
        with Fetcher(self.allow, self.limits) as fetch:
            return source_type(kind).probe(self.base + path, fetch)

    def _respond(self, request: Request) -> Response:
        full = request.full_path.rstrip("?")
        self.asked.append(full)
        self.accepted.append(request.headers.get("Accept", ""))
        answer = self.pages.get(full, self.pages.get(request.path))
        if answer is None and self.answer is not None:
            answer = self.answer(request.args)
        if answer is None:
            return Response("no such address", status=404, content_type="text/plain")
        if isinstance(answer, Response):
            return answer
        content, kind = answer if isinstance(answer, tuple) else (answer, "text/plain")
        body = content.encode() if isinstance(content, str) else content
        return Response(body.replace(b"{base}", self.base.encode()), content_type=kind)


def records(items: list[Item]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]
