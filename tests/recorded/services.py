"""The services that give recorded answers back: to a real fetcher wherever one can reach them."""

from __future__ import annotations

import atexit
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch import Response as Fetched
from harvesters.fetch.fetcher import Fetcher
from harvesters.settings import Limits
from harvesters.sources._csw_protocol import CSW2
from tests.recorded import REAL
from tests.recorded.settings import ADDRESS, INDEX, LISTED

LIMITS = Limits(retries=0, requests_per_second=0, deadline=60)

Answer = Callable[[Request], Response]
Opened = Iterator[tuple[str, Any]]


def body(name: str) -> bytes:
    """The bytes of a file by its path below the folder of the payloads."""
    return (REAL / name).read_bytes()


@contextmanager
def folder(names: Sequence[str]) -> Opened:
    """A folder that holds copies of the files, and nothing else."""
    with tempfile.TemporaryDirectory() as scratch, Fetcher([scratch], LIMITS) as fetch:
        for name in names:
            shutil.copy(REAL / name, scratch)
        yield scratch, fetch


@contextmanager
def web(answer: Answer, path: str) -> Opened:
    """A local server that answers every request so; the address of the source is `path` there."""
    server = _server()
    server.clear()
    server.expect_request(re.compile(".*")).respond_with_handler(answer)
    with Fetcher([f"127.0.0.1:{server.port}"], LIMITS) as fetch:
        yield server.url_for(path), fetch


@cache
def _server() -> HTTPServer:
    """One server for all: to stop one takes half a second."""
    server = HTTPServer(host="127.0.0.1")
    server.start()
    atexit.register(server.stop)
    return server


@contextmanager
def listed() -> Opened:
    """The list of the files of Viet Nam at an address, and the files that it names at theirs."""
    files = {INDEX: "sdmx/vn_dsbb_index.csv", **LISTED}
    yield INDEX, Addresses({url: body(name) for url, name in files.items()})


class Addresses:
    """A `Fetch` of addresses anywhere; one where nothing was recorded is a 404."""

    limits = LIMITS

    def __init__(self, pages: Mapping[str, bytes]):
        self._pages = pages

    def get(self, url: str, params: object = None, headers: object = None) -> Fetched:
        if url not in self._pages:
            raise HarvestError("api_error", where=url, detail="HTTP 404 Not Found")
        return Fetched(url, self._pages[url])

    read = get

    def cut(self) -> None:
        """Nothing is under way that could be cut."""


def alone(name: str) -> Answer:
    """A server that has nothing but this file, wherever it is asked."""
    return lambda request: Response(body(name))


def pages(names: Sequence[str]) -> Answer:
    """The pages of a catalogue at the addresses where they were recorded; others are not there."""
    held = {}
    for name in names:
        parts = urlsplit(ADDRESS[name])
        held[f"{parts.path}?{parts.query}"] = name

    def answer(request: Request) -> Response:
        name = held.get(request.full_path)
        return Response(body(name)) if name else Response("no such page", status=404)

    return answer


def geonetwork(request: Request) -> Response:
    """A CSW of two records a page, as GeoNetwork in France gave them."""
    if request.args.get("request") == "GetCapabilities":
        return Response(f'<c:Capabilities xmlns:c="{CSW2}" version="2.0.2"/>')
    page = request.args["startPosition"]
    return Response(body(f"csw_ogc/fr_geonetwork-iso19139-page-{page}.xml"))


def ckan_listing(name: str) -> Answer:
    """A CKAN whose listing is the recorded page and then nothing."""

    def answer(request: Request) -> Response:
        page = json.loads(body(name))
        if int(request.args.get("start", 0)):
            page["result"]["results"] = []
        return _json(page)

    return answer


def packages(name: str) -> list[Any]:
    """The packages of any recorded answer of CKAN: of a search, a `package_show`, a group."""
    result = json.loads(body(name)).get("result")
    found = result.get("results", [result]) if isinstance(result, dict) else result or []
    return [item for item in found if isinstance(item, dict)]


def ckan_shown(name: str) -> Answer:
    """A CKAN whose listing is the packages of an answer that is no listing."""

    def answer(request: Request) -> Response:
        found = packages(name)
        shown = found[int(request.args.get("start", 0)) :]
        return _json({"success": True, "result": {"count": len(found), "results": shown}})

    return answer


def ckan_refusal(name: str) -> Answer:
    """A CKAN that refuses with the recorded answer."""
    return lambda request: Response(body(name), status=404, mimetype="application/json")


def sensors(request: Request) -> Response:
    """The FROST server of the British Geological Survey; things and places are made up."""
    path = request.path
    if path.endswith("/Datastreams"):
        return Response(body("csw_ogc/sta_bgs_datastreams.json"))
    if path.endswith("/Datastreams(1)/Observations"):
        wrapper = json.loads(body("csw_ogc/sta_bgs_response_wrapper.json"))
        return _json({**wrapper, "@iot.nextLink": None} if "$skip" in request.args else wrapper)
    if path.endswith("/Observations"):
        return Response(body("csw_ogc/sta_bgs_observations.json"))
    if path.endswith("/Thing"):
        return _json({"@iot.id": 1, "name": "Glasgow observatory"})
    if path.endswith("/Locations"):
        return _json({"value": []})
    return _json({"@iot.id": 1, "name": PurePath(path).name})


def _json(value: Any) -> Response:
    return Response(json.dumps(value), mimetype="application/json")
