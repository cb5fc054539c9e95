"""Reads every recorded payload of a folder tree and prints a table of what came of it.

``python -m tests.real_table FOLDER`` prints Markdown: file, source type, datasets, tables, rows,
problems (code × count). A payload is served by a real local server, or lies in a folder, and goes
through the real fetcher, its source type and that type's mapping. Which type a file gets follows
from its folder (``ckan``, ``csw_ogc``, ``dcat``, ``excel``, ``px``, ``rest``, ``sdmx``, ``bad``)
and its name; a page that was recorded alone says `incomplete_listing` where it counts more.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.mapping import map_record
from harvesters.model import End, Failure, Item, Record
from harvesters.registry import settings_of, source_type
from harvesters.settings import Limits

ID = "5f0c3a52-0000-4000-8000-000000000001"
LIMITS = Limits(retries=0, requests_per_second=1000, deadline=60)
#: (path pattern, source type, address path; "" is a folder with the file alone). First match.
TYPES = [
    (r"/ckan/", "ckan", "/"),
    (r"/csw_ogc/.*wfs.*", "wfs", "/wfs"),
    (r"/csw_ogc/sta_", "sensorthings", "/v1.1"),
    (r"/csw_ogc/.*_sos_", "sensorthings", "/sos?service=SOS&request=GetObservation"),
    (r"/csw_ogc/", "csw", ""),
    (r"/dcat/.*\.json$", "datajson", "/data.json"),
    (r"/dcat/", "dcat", "/catalog"),
    (r"/px/", "pxweb", ""),
    (r"/sdmx/", "sdmx", ""),
    (r"/rest/", "rest", "/du-lieu"),
    (r"/(excel|bad)/.*\.(csv|xlsx?)$", "files", ""),
    (r"/bad/.*\.xml$", "oaipmh", "/oai"),
    (r"/bad/(datajson|real_dcatus).*", "datajson", "/data.json"),
    (r"/bad/", "ckan", "/"),
]
#: What an administrator would write for a gateway of this shape: by name of the file.
READ: dict[str, dict[str, Any]] = {
    "thanhhoa_166_dvhc.json": {"records": "don_vi", "table": {"title": "Xã, phường"}},
    "vn_units_nested.json": {"records": "Wards", "table": {"title": "Xã, phường"}},
    "vn_hanoi_air_dailystat_48.json": {"records": "*", "table": {"title": "Bụi mịn"}},
    "vn_hcmc_api_probe.json": {"records": "*", "id": "_key"},
    "vn_alternative_probe.json": {"records": "results.*", "id": "{_key} {url}{name}"},
    "vn_tthc_records.json": {"id": "ma_tthc"},
    "zenodo_record.json": {"id": "id"},
}


def reading(path: Path) -> tuple[str, str]:
    """The source type of a recorded file and the path it is served at ("": a folder)."""
    for pattern, type_, at in TYPES:
        if re.search(pattern, path.as_posix()):
            return type_, at
    return "files", ""


def settings(path: Path, type_: str) -> Mapping[str, Any]:
    """What the source's configuration says under `read`."""
    if type_ != "rest":
        return {}
    if path.suffix == ".geojson":
        return {"records": "features", "table": {"title": "Xã", "leave_out": ["bbox", "geometry"]}}
    return READ.get(path.name, {"table": {"title": path.stem}})


def read(path: Path, type_: str, at: str) -> Iterator[Item]:
    """The items of a payload. Raises HarvestError."""
    config = settings(path, type_)
    if not at:
        with tempfile.TemporaryDirectory() as scratch:
            shutil.copy(path, scratch)
            with Fetcher([scratch], LIMITS) as fetch:
                yield from source_type(type_).read(settings_of(type_, scratch, config), fetch, {})
        return
    with HTTPServer(host="127.0.0.1") as server:
        answer = {"ckan": _first_page_only, "sensorthings": _things}.get(type_, _always)
        server.expect_request(re.compile(".*")).respond_with_handler(lambda r: answer(path, r))
        with Fetcher([f"127.0.0.1:{server.port}"], LIMITS) as fetch:
            url = server.url_for(at)
            yield from source_type(type_).read(settings_of(type_, url, config), fetch, {})


def _always(path: Path, request: Request) -> Response:
    return Response(path.read_bytes())


def _things(path: Path, request: Request) -> Response:
    """A SensorThings service of the recorded page, whose datastreams hold no observations."""
    last = request.path.rpartition("/")[2]
    if path.suffix != ".json" or last == "Datastreams":
        return Response(path.read_bytes())
    many = last in ("Observations", "Locations")
    body = {"value": []} if many else {"@iot.id": 1, "name": last}
    return Response(json.dumps(body), mimetype="application/json")


def _first_page_only(path: Path, request: Request) -> Response:
    """A CKAN whose listing is the recorded page and then nothing."""
    body = path.read_bytes()
    if int(request.args.get("start", 0)):
        page = json.loads(body)
        page["result"]["results"] = []
        body = json.dumps(page).encode()
    return Response(body, mimetype="application/json")


def unmapped(record: Record, type_: str) -> list[str]:
    """The code of why a record makes no dataset with its type's own mapping, if it does not."""
    try:
        map_record(ID, record, source_type(type_).mapping, {})
    except HarvestError as error:
        return [error.code]
    return []


def row(path: Path) -> tuple[str, int, int, int, Counter[str]]:
    """Source type, datasets, tables, rows and codes of one payload."""
    type_, at = reading(path)
    datasets = tables = rows = 0
    codes: Counter[str] = Counter()
    try:
        for item in read(path, type_, at):
            if isinstance(item, Failure) or (isinstance(item, End) and item.problem):
                codes[item.problem.code] += 1
            elif isinstance(item, Record):
                why = unmapped(item, type_)
                codes.update(why)
                datasets += not why
                found = [r.table for r in item.resources if r.table]
                tables, rows = tables + len(found), rows + sum(len(t.rows) for t in found)
    except HarvestError as error:
        codes[error.code] += 1
    return type_, datasets, tables, rows, codes


def main(folder: Path) -> None:
    """Prints the table and its totals."""
    print("| file | source type | datasets | tables | rows | problems |")
    print("|---|---|---:|---:|---:|---|")
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".md")
    sums: Counter[str] = Counter()
    for path in paths:
        type_, datasets, tables, rows, codes = row(path)
        sums.update(datasets=datasets, tables=tables, rows=rows, **{"problems": codes.total()})
        said = ", ".join(f"{code} × {count}" for code, count in sorted(codes.items()))
        name = path.relative_to(folder)
        print(f"| {name} | {type_} | {datasets} | {tables} | {rows} | {said} |", flush=True)
    total = f"{sums['datasets']} | {sums['tables']} | {sums['rows']} | {sums['problems']}"
    print(f"| {len(paths)} files | | {total} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
