"""Specimens: recorded payloads of a source type and the records that must come of them.

``tests/specimens/<type>/<case>/`` holds

- ``payload/``: the files as recorded (or ``setup.sql`` for a database);
- ``config.yaml``: how they are served and how the source is configured (see `Case`);
- ``expected.json``: what `read` must yield (see `as_json`).

A case is served by a real local HTTP server, from a real folder, or from a real database, and read
through the real fetcher. ``python -m tests.contracts.specimen TYPE/CASE`` prints what it yields
now; what it prints becomes ``expected.json`` only after it was compared with the payload by eye.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from harvesters import registry
from harvesters.codec import encode_table
from harvesters.errors import HarvestError
from harvesters.fetch.fetcher import Fetcher
from harvesters.fetch.uploads import Upload
from harvesters.model import End, Failure, Item, Record, RecordResource, Unchanged
from harvesters.settings import parse_config

HOME = Path(__file__).parent.parent / "specimens"


@dataclass(frozen=True)
class Case:
    """One specimen. `config.yaml` has these keys:

    - ``serve``: ``http`` (default), ``folder``, ``postgresql`` or ``upload`` (the payload is the
      one file that was uploaded, ``hints`` what was said with it);
    - ``url``: the source's address, where ``{base}`` stands for ``http://127.0.0.1:PORT``,
      ``{folder}`` for the folder with the payload and ``{database}`` for a database on which
      ``payload/setup.sql`` was run, seen by the user that ``user`` names;
    - ``routes`` (http): a list of ``path``, ``file`` and, where needed, ``method``, ``query``
      (these parameters must be there), ``json`` (the body must be this), ``status``,
      ``content_type``; the first that fits answers, nothing fitting is a 404. Without routes the
      files of the payload are served by name at ``/``. ``{base}`` is replaced inside files with
      ``fill: true``;
    - ``config``: the source's configuration, as `--config` takes it; ``secret``: its password;
    - ``since``: marks already held.
    """

    name: str
    type: str
    folder: Path
    config: Mapping[str, Any]


def cases(source_type: str | None = None) -> list[Case]:
    """All specimens, or those of one source type, sorted by name."""
    found = []
    for path in sorted(HOME.glob("*/*/config.yaml")):
        kind = path.parent.parent.name
        if source_type in (None, kind):
            config = yaml.safe_load(path.read_text("utf-8")) or {}
            found.append(Case(f"{kind}/{path.parent.name}", kind, path.parent, config))
    return found


@contextmanager
def opened(case: Case) -> Iterator[Callable[..., list[Item]]]:
    """Serves the case; gives a function that reads it (with marks) into a list of items."""
    serve = {"http": _http, "folder": _folder, "postgresql": _postgresql, "upload": _nothing}
    uploads = _Uploaded(case) if case.config.get("serve") == "upload" else None
    with serve[case.config.get("serve", "http")](case) as (words, allow):
        config = parse_config(case.config.get("config"))
        settings = registry.settings_of(case.type, case.config["url"].format(**words), config.read)

        def read(since: Mapping[str, str] | None = None) -> list[Item]:
            marks = case.config.get("since", {}) if since is None else since
            secret = case.config.get("secret", "")
            fetch = Fetcher(
                allow=allow,
                limits=config.fetch,
                auth=config.auth,
                secret=lambda *_: secret,
                uploads=uploads,
            )
            return list(registry.source_type(case.type).read(settings, fetch, marks))

        read.words = words  # type: ignore[attr-defined]
        yield read


def result(case: Case) -> dict[str, Any]:
    """What the case yields, as `expected.json` has it."""
    with opened(case) as read:
        try:
            items = read()
        except HarvestError as error:
            return {"error": error.code}
        text = json.dumps(as_json(items), ensure_ascii=False)
        for word, value in read.words.items():  # type: ignore[attr-defined]
            text = text.replace(value, "{" + word + "}")
    return dict(json.loads(text))


def as_json(items: Sequence[Item]) -> dict[str, Any]:
    """``records``, ``unchanged``, ``failures`` and ``end`` as plain JSON.

    Numbers of tables are text in their one canonical spelling, so that no float blurs them.
    """
    records = [_record(item) for item in items if isinstance(item, Record)]
    unchanged = [item.remote_id for item in items if isinstance(item, Unchanged)]
    problems = [item.problem for item in items if isinstance(item, Failure)]
    end = items[-1] if items and isinstance(items[-1], End) else None
    plain: dict[str, Any] = {"records": records}
    if unchanged:
        plain["unchanged"] = unchanged
    if problems:
        plain["failures"] = [{"code": p.code, "record": p.record} for p in problems]
    if end is not None:
        plain["end"] = {"complete": end.complete, "expected": end.expected}
        if end.problem is not None:
            plain["end"]["problem"] = end.problem.code
    return plain


def _record(record: Record) -> dict[str, Any]:
    plain = {
        "remote_id": record.remote_id,
        "fields": dict(record.fields),
        "resources": [_resource(resource) for resource in record.resources],
    }
    if record.notes:
        plain["notes"] = [note.code for note in record.notes]
    return plain


def _resource(resource: RecordResource) -> dict[str, Any]:
    plain: dict[str, Any] = {"remote_id": resource.remote_id, "fields": dict(resource.fields)}
    if resource.file is not None:
        plain["file"] = {
            "name": resource.file.name,
            "media_type": resource.file.media_type,
            "sha256": resource.file.sha256,
        }
    if resource.table is not None:
        head, *rows = map(json.loads, gzip.decompress(encode_table(resource.table)).splitlines())
        head["columns"] = [{k: v for k, v in c.items() if v} for c in head["columns"]]
        plain["table"] = {**{k: v for k, v in head.items() if v}, "rows": rows}
    return plain


Served = Iterator[tuple[dict[str, str], tuple[str, ...]]]


@contextmanager
def _http(case: Case) -> Served:
    payload = case.folder / "payload"
    with HTTPServer(host="127.0.0.1") as server:
        base = server.url_for("").rstrip("/")

        def answer(request: Request) -> Response:
            for route in case.config.get("routes") or _by_name(payload):
                if _fits(route, request):
                    return _answer(payload, route, base)
            return Response("no such address", status=404, content_type="text/plain")

        for method in ("GET", "POST"):
            server.expect_request(_ANY, method=method).respond_with_handler(answer)
        yield {"base": base}, (f"127.0.0.1:{server.port}",)


_ANY = re.compile(".*")


def _by_name(payload: Path) -> list[dict[str, Any]]:
    return [{"path": f"/{p.name}", "file": p.name} for p in payload.iterdir()]


def _fits(route: Mapping[str, Any], request: Request) -> bool:
    if route.get("method", "POST" if "json" in route else "GET") != request.method:
        return False
    if request.path != route["path"]:
        return False
    query = route.get("query", {})
    if any(request.args.get(key) != str(value) for key, value in query.items()):
        return False
    return "json" not in route or request.get_json(silent=True) == route["json"]


def _answer(payload: Path, route: Mapping[str, Any], base: str) -> Response:
    content = (payload / route["file"]).read_bytes() if "file" in route else b""
    if route.get("fill"):
        content = content.replace(b"{base}", base.encode())
    kinds = {".json": "application/json", ".html": "text/html; charset=utf-8"}
    kind = kinds.get(Path(route.get("file", "")).suffix, "application/octet-stream")
    return Response(
        content, status=route.get("status", 200), content_type=route.get("content_type", kind)
    )


@contextmanager
def _folder(case: Case) -> Served:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "nguon")
        shutil.copytree(case.folder / "payload", folder)
        yield {"folder": str(folder)}, (str(folder),)


@contextmanager
def _nothing(case: Case) -> Served:
    yield {}, ()


class _Uploaded:
    """The file of a payload as if a person had uploaded it; nothing when there is none."""

    def __init__(self, case: Case):
        self._hints = case.config.get("hints", {})
        self._files = sorted((case.folder / "payload").glob("*"))

    def current(self) -> Upload | None:
        if not self._files:
            return None
        content = self.content()
        sha256 = hashlib.sha256(content).hexdigest()
        return Upload(self._files[0].name, sha256, len(content), self._hints)

    def content(self) -> bytes:
        return self._files[0].read_bytes()


@contextmanager
def _postgresql(case: Case) -> Served:
    """A database of its own, made and dropped by the administrator of the test services."""
    import psycopg2

    admin = urlsplit(os.environ["PORTAL_TEST_DATABASE_URL"])
    name = f"specimen_{uuid.uuid4().hex[:8]}"
    script = (case.folder / "payload" / "setup.sql").read_text("utf-8")
    owner = psycopg2.connect(urlunsplit(admin))
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        inside = psycopg2.connect(urlunsplit(admin._replace(path=f"/{name}")))
        with inside, inside.cursor() as cursor:
            cursor.execute(script)
        inside.close()
        host = f"{admin.hostname or '127.0.0.1'}:{admin.port or 5432}"
        url = f"postgresql://{case.config['user']}@{host}/{name}"
        yield {"database": url}, (host,)
    finally:
        with owner.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            cursor.execute(f'DROP ROLE IF EXISTS "{case.config["user"]}"')
        owner.close()


if __name__ == "__main__":
    (wanted,) = [case for case in cases() if case.name == sys.argv[1]]
    json.dump(result(wanted), sys.stdout, ensure_ascii=False, indent=1)
    print()
