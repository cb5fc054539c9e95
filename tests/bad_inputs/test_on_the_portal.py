"""A source that was good and turns bad, on the real CKAN: what is said, and that nothing is lost.

A source of each type is harvested, then its server turns to each fault in turn, and the run is
done by the command as a clerk's schedule would. After every run the datasets must be active in the
database, to be found in Solr, and unchanged. The quota on withdrawals is lifted, so that it is not
what saves them.
"""

from __future__ import annotations

import json
import re
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

pytest.importorskip("ckan", reason="what is proven is the state of a CKAN")

from harvesters.messages import held_reasons
from tests.bad_inputs import table
from tests.bad_inputs.faults import FAULTS, Answer, http
from tests.bad_inputs.reading import ACCENTS, FETCH, assert_plain_vietnamese
from tests.bad_inputs.test_every_source_type import PATHS
from tests.ckan_source import package
from tests.ckanext.test_harvest_cli import Commands
from tests.raw_server import RawServer, fixed, raw_server

DATASETS = 6
CONFIG: dict[str, Any] = {
    "fetch": {**FETCH, "deadline": 3, "max_bytes": 5_000_000},
    "guards": {"withdraw_at_most": 1000},
}
#: How a run ends, by exit code.
ENDS = {0: "applied", 1: "applied", 2: "failed", 3: "held"}
#: Seconds that a run may take, with its deadline of three.
SECONDS = 60

Rows = list[dict[str, str]]


def rows(prefix: str = "bo") -> Rows:
    return [{"id": f"{prefix}-{n}", "title": f"Bộ dữ liệu số {n}"} for n in range(DATASETS)]


# What a good server of each type says of these rows: (path and query, rows) -> body.


def ckan(asked: str, given: Rows, count: int | None = None) -> bytes:
    """The rows as packages; `count` when the portal says that it has another number."""
    query = {key: values[-1] for key, values in parse_qs(urlsplit(asked).query).items()}
    start = int(query.get("start", 0))
    packages = [
        {**package(at, "http://127.0.0.1"), **row, "name": f"bo-du-lieu-{row['id']}"}
        for at, row in enumerate(given)
    ]
    if "fq" in query:
        packages = [p for p in packages if f'"{p["id"]}"' in query["fq"]]
    page = packages[start : start + int(query.get("rows", 10))]
    names = query["fl"].split(",") if "fl" in query else None
    results = [{n: p[n] for n in names} for p in page] if names else page
    found = len(given) if count is None else count
    return json.dumps({"success": True, "result": {"count": found, "results": results}}).encode()


def datajson(asked: str, given: Rows) -> bytes:
    return json.dumps(
        {"dataset": [{"identifier": row["id"], "title": row["title"]} for row in given]}
    ).encode()


def dcat(asked: str, given: Rows, after: str = "") -> bytes:
    """JSON-LD; `after` is the address of a next page."""
    graph: list[dict[str, Any]] = [
        {
            "@id": "urn:danh-muc",
            "@type": "dcat:Catalog",
            "dcat:dataset": [{"@id": f"urn:{row['id']}"} for row in given],
        },
        *(
            {
                "@id": f"urn:{row['id']}",
                "@type": "dcat:Dataset",
                "dct:identifier": row["id"],
                "dct:title": row["title"],
            }
            for row in given
        ),
    ]
    if after:
        view = {"@id": "urn:trang", "@type": "hydra:PartialCollectionView"}
        graph.append({**view, "hydra:next": {"@id": after}})
    words = {
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "hydra": "http://www.w3.org/ns/hydra/core#",
    }
    return json.dumps({"@context": words, "@graph": graph}).encode()


def rest(asked: str, given: Rows) -> bytes:
    """Pages of all rows: the second is empty."""
    page = parse_qs(urlsplit(asked).query).get("trang", ["1"])[0]
    return json.dumps({"ds": given if page == "1" else []}).encode()


def always(body: Callable[..., bytes], given: Rows, *more: Any) -> Answer:
    """A server of that type that has these rows."""

    def answer(server: RawServer, connection: socket.socket) -> None:
        asked = server.heads[-1].split(b" ", 2)[1].decode()
        kind = "application/ld+json" if body is dcat else "application/json"
        connection.sendall(http(body(asked, given, *more), kind))

    return answer


def broken_after(first: Answer) -> Answer:
    """The first page, and an error in place of the second."""

    def answer(server: RawServer, connection: socket.socket) -> None:
        second = any(word in server.heads[-1] for word in (b"start=3", b"trang=2", b"?trang-2"))
        (FAULTS["broken (500)"] if second else first)(server, connection)

    return answer


def as_type(answer: Answer, kind: str) -> Answer:
    """The same data under a wrong name."""

    class Renaming:
        def __init__(self, connection: socket.socket):
            self._connection = connection

        def sendall(self, data: bytes) -> None:
            head, blank, body = data.partition(b"\r\n\r\n")
            named = re.sub(rb"Content-Type: [^\r]*", b"Content-Type: " + kind.encode(), head)
            self._connection.sendall(named + blank + body)

    return lambda server, connection: answer(server, Renaming(connection))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Type:
    """A type: where its good server answers, with what, and how it is set up."""

    path: str
    body: Callable[..., bytes]
    read: dict[str, Any] = field(default_factory=dict)


TYPES = {
    "ckan": Type("", ckan),
    "datajson": Type("/data.json", datajson),
    "dcat": Type("/catalog.jsonld", dcat),
    "rest": Type(
        "/bo-du-lieu", rest, {"records": "ds", "paging": {"style": "page", "page": "trang"}}
    ),
}


#: How a run ends that meets a fault of `own_faults`.
OWN = {
    "nothing listed": "held empty_listing",
    "ids all changed": "held ids_changed",
    "id given twice": "applied duplicate_id",
    "NUL in a title": "applied",
    "good data as text/html": "applied",
    "good data as image/png": "applied",
    "redirect elsewhere": "failed host_not_granted",
    "page repeated": "applied page_repeated",
    "fewer than counted": "applied incomplete_listing",
    "second page broken": "applied api_error",
}
#: Where a type ends otherwise: `ckan` counts, `rest` is told here where its records stand.
OTHERWISE = {
    "ckan": {
        "page repeated": "applied incomplete_listing",
        "id given twice": "applied duplicate_id incomplete_listing",
    },
    "rest": dict.fromkeys(("null", "empty list"), "failed unexpected_answer"),
}


def own_faults(name: str) -> dict[str, Answer]:
    """What a server of that type can do wrong in its own language."""
    body, given = TYPES[name].body, rows()
    twice = [*given, {**given[2], "title": "Tên khác, cùng mã"}]
    found = {
        "nothing listed": always(body, []),
        "ids all changed": always(body, rows("moi")),
        "id given twice": always(body, twice),
        "NUL in a title": always(body, [{**given[0], "title": "Bộ\0 dữ liệu số 0"}, *given[1:]]),
        "good data as text/html": as_type(always(body, given), "text/html"),
        "good data as image/png": as_type(always(body, given), "image/png"),
        "redirect elsewhere": fixed(
            http(b"", more="Location: http://127.0.0.2:9/\r\n", status="302 Found")
        ),
    }
    half = given[: DATASETS // 2]
    if name == "ckan":
        first = always(lambda asked, _: ckan(re.sub("start=[0-9]+", "", asked), half, DATASETS), [])
        found["page repeated"] = first
        found["fewer than counted"] = always(ckan, half, DATASETS)
        found["second page broken"] = broken_after(always(ckan, half, DATASETS))
    elif name == "dcat":
        del found["id given twice"]  # in RDF that is one dataset of which more is said
        found["page repeated"] = always(dcat, half, "?trang-1")
        found["second page broken"] = broken_after(always(dcat, half, "?trang-2"))
    elif name == "rest":
        first = always(lambda asked, _: rest("?trang=1", half), [])
        found["page repeated"] = first
        found["second page broken"] = broken_after(first)
    return found


class Source:
    """A source on the real portal, whose server can be turned to anything."""

    def __init__(self, commands: Commands, name: str, server: RawServer, config: str):
        from ckan.tests import factories

        self.name, self.commands = f"{name}-{uuid.uuid4().hex[:6]}", commands
        self.org = str(factories.Organization(name=f"so-{uuid.uuid4().hex[:8]}")["name"])
        url = server.url + TYPES[name].path
        commands.json(
            *("source", "add", self.name, "--type", name, "--url", url, "--org", self.org),
            *("--allow", server.allow[0], "--config", config),
            code=0,
        )

    def run(self) -> str:
        """How a run ended: state, codes of its problems, reasons to be held."""
        began = time.monotonic()
        done = self.commands("harvest", "run", self.name, "--json")
        assert time.monotonic() - began < SECONDS
        report = json.loads(done.stdout)
        assert report["state"] == ENDS[done.exit_code], report
        assert report["withdrawn"] == 0 or report["state"] == "held", report
        for error in report["errors"]:
            assert_plain_vietnamese(error["message"], error["hint"])
            assert error["code"] != "internal", report
        assert all(ACCENTS.search(reason) for reason in held_reasons(report["held_because"]))
        codes = dict.fromkeys(error["code"] for error in report["errors"])
        return " ".join([report["state"], *codes, *report["held_because"]])

    def datasets(self) -> tuple[dict[str, str], dict[str, str]]:
        """Titles by id: those active in the database, and those that a search finds."""
        import sqlalchemy as sa
        from ckan import model
        from ckan.lib import search
        from ckan.plugins import toolkit
        from ckanext.thanhhoa import index

        index.flush()
        search.commit()
        active = sa.text(
            "SELECT p.id, p.title FROM package p JOIN thanhhoa.record r ON r.dataset_id = p.id "
            "JOIN thanhhoa.source s ON s.id = r.source_id "
            "WHERE s.name = :name AND p.state = 'active'"
        )
        there = model.Session.execute(active, {"name": self.name}).all()
        model.Session.rollback()
        found = toolkit.get_action("package_search")(
            {"ignore_auth": True}, {"fq": f"organization:{self.org}", "rows": 100}
        )["results"]
        return {row.id: row.title for row in there}, {d["id"]: d["title"] for d in found}


@pytest.fixture
def commands(clean_ledger: None, with_plugins: None, app: Any) -> Commands:
    return Commands(app.flask_app)


@pytest.mark.parametrize("name", list(TYPES))
def test_nothing_is_lost_whatever_the_source_answers(
    commands: Commands, tmp_path: Any, name: str
) -> None:
    config = tmp_path / "nguon.yaml"
    config.write_text(yaml.safe_dump({**CONFIG, "read": TYPES[name].read}), encoding="utf-8")
    good = always(TYPES[name].body, rows())
    now = [good]
    outcomes = {}
    with raw_server(lambda server, connection: now[0](server, connection)) as server:
        source = Source(commands, name, server, str(config))
        assert source.run() == "applied"
        before = source.datasets()
        assert len(before[0]) == DATASETS
        assert before[0] == before[1]
        for fault, answer in {**faults(name), **own_faults(name)}.items():
            now[0] = answer
            outcomes[fault] = source.run()
            after = source.datasets()
            if fault == "NUL in a title":  # a change like another, or refused: not a loss
                assert [set(titles) for titles in after] == [set(titles) for titles in before]
                now[0] = good
                assert source.run() == "applied"
                continue
            assert after == before, f"{fault}: {outcomes[fault]}"
    outcomes["nobody there"] = source.run()
    assert source.datasets() == before
    assert outcomes == expected(name)


def faults(name: str) -> dict[str, Answer]:
    """Those of the table that the type does not read as good data."""
    words = {fault: word for type_, fault, word in table.cells(table.WEB, PATHS) if type_ == name}
    return {fault: answer for fault, answer in FAULTS.items() if words[fault] != "read"}


def expected(name: str) -> dict[str, str]:
    """By `table.WEB` and `OWN`: the run fails with the table's code where no other end is said."""
    words = {fault: word for type_, fault, word in table.cells(table.WEB, PATHS) if type_ == name}
    ends = {fault: f"failed {table.CODES[words[fault]]}" for fault in faults(name)}
    ends |= {fault: OWN[fault] for fault in own_faults(name)}
    ends["nobody there"] = "failed unreachable"
    return {**ends, **OTHERWISE.get(name, {})}
