"""Any gateway that speaks JSON over HTTP, such as a department's LGSP, wholly by configuration.

What is asked, how it is paged, where the records stand and what identifies them is told under
``read:``; which field becomes which is the mapping's business; signing in is ``auth:`` (an LGSP
gives its token for ``oauth2``). Answers with status 200 that say they failed, login pages, pages
and links that come again, counts that change: `harvesters.sources._gateway` and ``_paging``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Fetch, Response
from harvesters.fetch.grants import with_params
from harvesters.model import Item, Probe, SourceType
from harvesters.paths import filled
from harvesters.sources._answers import collect, refuse_failure
from harvesters.sources._gateway import Gateway, read_gateway
from harvesters.sources._paging import Answer, Step

METHODS = ("GET", "POST")
#: Headers that sign a request: these belong to ``auth``, where they are kept secret.
_SIGNING = ("authorization", "cookie", "proxy-authorization", "x-api-key", "apikey", "api-key")
_SECRET = re.compile(
    r"(?:api|access|subscription)?[-_]?(?:key|token)|secret|client_secret|pass(?:word|wd)?|pwd|mat_?khau",
    re.IGNORECASE,
)
#: Keys of answers that another source type reads better.
_OTHERS = (
    "@context",
    "@graph",
    "conformsTo",
    "help",
    "@iot.id",
    "openapi",
    "structures",
    "dimension",
)
#: Where records mostly stand, for a first look.
_USUAL = ("", "data", "items", "results", "records", "value", "content", "data.items", "result")


@dataclass(frozen=True)
class Settings(Gateway):
    """What to ask, besides what all gateways share (`Gateway`).

    `paths` are added to `url`, one listing each. `query` are parameters of every request; with
    `method` POST, `body` is sent as JSON and the parameters of paging are put into it. `headers`
    may not sign: that is for ``auth``. `detail` is the path of one record's own request
    (``/bo-du-lieu/{id}``) and `detail_record` where the record stands in its answer.
    """

    method: str = "GET"
    paths: tuple[str, ...] = ("",)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    detail_record: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method.upper() not in METHODS:
            raise _bad("method", ", ".join(METHODS))
        if self.body and self.method.upper() != "POST":
            raise _bad("body", "method: POST")
        for name in self.headers:
            if str(name).lower() in _SIGNING:
                raise _bad(f"headers.{name}", "auth: {type: api_key, header: …, secret: …}")
        for name in self.query:
            if _SECRET.fullmatch(str(name)):
                raise _bad(f"query.{name}", "auth: {type: api_key, header: …, secret: …}")
        if self.table and self.detail:
            raise _bad("detail", "table | detail")


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each object of the listings, or one with their table."""
    service = _Service(settings, fetch)
    asks = [service.listing(path) for path in settings.paths or ("",)]
    detail = service.detail if settings.detail else None
    return read_gateway(settings, asks, since, fetch.limits.max_cells, detail)


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a list of JSON objects is there that no other source type would know better."""
    if not url.lower().startswith(("http://", "https://")):
        return None
    try:
        answer = fetch.get(url, headers={"Accept": "application/json"})
        data = answer.json()
    except HarvestError as error:
        if error.code in ("unreachable", "host_not_granted", "tls_error", "deadline"):
            raise
        return None
    if isinstance(data, Mapping) and (
        any(key in data for key in _OTHERS) or data.get("type") == "FeatureCollection"
    ):
        return None
    for path in _USUAL:
        try:
            records = collect(Answer(data, {}, url), path)
        except HarvestError:
            continue
        if len(records) > 1 or (records and path):
            return Probe(str(urlsplit(url).hostname), len(records))
    return None


class _Service:
    """Asks one service."""

    def __init__(self, settings: Settings, fetch: Fetch):
        self._settings = settings
        self._fetch = fetch
        self._headers = {
            "Accept": "application/json",
            **{str(key): _text(value) for key, value in settings.headers.items()},
        }

    def listing(self, path: str) -> Any:
        """A function that asks for a page of the listing at that path."""
        url = _joined(self._settings.url, path)

        def ask(step: Step) -> Answer:
            return self._answer(self._asked(url, step))

        return ask

    def detail(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The record's own answer. Raises what a listing raises."""
        settings = self._settings
        path = filled(settings.detail, record, lambda value: quote(value, safe=""))
        url = _joined(settings.url, path)
        answer = self._answer(self._fetch.get(url, self._query({}), self._headers))
        refuse_failure(answer, settings.flag())
        found = collect(answer, settings.detail_record)
        if len(found) != 1:
            detail = settings.detail_record or "{…}"
            raise HarvestError("unexpected_answer", where=answer.url, detail=detail)
        return found[0]

    def _asked(self, url: str, step: Step) -> Response:
        if step.url:
            return self._fetch.get(step.url, headers=self._headers)
        if self._settings.method.upper() == "POST":
            body = {**self._settings.body, **step.params}
            return self._fetch.post(with_params(url, self._query({})), body, self._headers)
        return self._fetch.get(url, self._query(step.params), self._headers)

    def _query(self, params: Mapping[str, Any]) -> dict[str, str]:
        asked = {**self._settings.query, **params}
        return {str(key): _text(value) for key, value in asked.items() if value is not None}

    def _answer(self, response: Response) -> Answer:
        data = response.json(exact=bool(self._settings.table))
        return Answer(data, response.headers, response.url)


def _joined(url: str, path: str) -> str:
    """A path below the service's address, keeping the address's own parameters."""
    if not path:
        return url
    parts = urlsplit(url)
    more, _, query = path.partition("?")
    whole = f"{parts.path.rstrip('/')}/{more.lstrip('/')}"
    return parts._replace(path=whole, query="&".join(filter(None, (parts.query, query)))).geturl()


def _text(value: Any) -> str:
    """A parameter as it is sent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _bad(key: str, expected: str) -> HarvestError:
    key = f"read.{key}"
    return HarvestError("bad_setting", where=key, key=key, expected=expected)


#: What a record's title and description are mostly called; a source's own mapping goes over it.
MAPPING: Mapping[str, Any] = {
    "title": {"first_of": ["title", "tieu_de", "ten", "name", "label"]},
    "notes": {"first_of": ["notes", "mo_ta", "description"]},
}

SOURCE = SourceType(
    type="rest",
    title={"vi": "Dịch vụ dữ liệu JSON (REST, LGSP)", "en": "JSON service (REST, LGSP)"},
    settings=Settings,
    read=read,
    probe=probe,
    mapping=MAPPING,
)
