"""Harvests every recorded payload and prints a table of what came of it.

``python -m tests.real_table`` prints Markdown: a row for each file with the source type it is read
by, datasets, tables, rows, problems (code × count) and a remark. Where several files are one source
(the pages of a catalogue, the structures of figures), the others say which they are part of. What
an administrator would write for a file is in `tests.recorded.settings`, and is what the tests of
the source types use; what is no source by itself is in `tests.recorded.remarks`, with the reason.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from harvesters.codec import decode_table
from harvesters.errors import Problem
from harvesters.ports import Run
from harvesters.run import Ports, execute
from tests.fakes import FakeCatalog, FakeLedger, make_source
from tests.recorded import REAL, services
from tests.recorded.remarks import KNOWN, NO_SOURCE
from tests.recorded.settings import ADDRESS, LISTED, MAPPING, READ

INDEX = "sdmx/vn_dsbb_index.csv"
PROVENANCE = "/PROVENANCE.md"
SOS = "/sos?service=SOS&request=GetObservation"
LISTING, SHOWN, REFUSED = services.ckan_listing, services.ckan_shown, services.ckan_refusal

#: Files that are one source with others: by the first of them.
TOGETHER = {
    "csw_ogc/fr_geonetwork-iso19139-page-1.xml": [
        "csw_ogc/fr_geonetwork-iso19139-page-3.xml",
        "csw_ogc/fr_geonetwork-iso19139-page-5.xml",
    ],
    "csw_ogc/sta_bgs_datastreams.json": [
        "csw_ogc/sta_bgs_observations.json",
        "csw_ogc/sta_bgs_response_wrapper.json",
    ],
    "dcat/fr_paged-collection-1.jsonld": ["dcat/fr_paged-collection-2.jsonld"],
    "sdmx/ecb_EXR_M.USD.xml": ["sdmx/ecb_EXR_structure.xml"],
    "sdmx/insee_IPI-2010-A21.xml": ["sdmx/insee_dataflow.xml"],
    "sdmx/vn_SBV.EXR.xml": ["sdmx/imf_ECOFIN_DSD.xml"],
    INDEX: sorted(LISTED.values()),
}
#: (path pattern, source type, how it is served: the type's service and the path of the source's
#: address; none: a folder). The first that matches.
TYPES: list[tuple[str, str, Callable[[str], services.Answer] | None, str]] = [
    (r"bad/(datajson|real_dcatus).*", "datajson", services.alone, "/data.json"),
    (r"bad/.*\.(csv|xlsx)", "files", None, ""),
    (r"bad/syn_truncated\.xml", "sdmx", None, ""),
    (r"bad/.*\.xml", "csw", None, ""),
    (r"bad/syn_(json_nul_inside|truncated_json)\.json", "pxweb", None, ""),
    (r"bad/syn_same_next_link\.json", "sensorthings", services.alone, "/v1.1"),
    (r"bad/.*\.(json|html)", "rest", services.alone, "/du-lieu"),
    (r"ckan/.*_404\.json", "ckan", REFUSED, "/"),
    (r"ckan/(.*_package_search.*|demo_packages)\.json", "ckan", LISTING, "/"),
    (r"ckan/.*\.json", "ckan", SHOWN, "/"),
    (r"csw_ogc/.*wfs.*", "wfs", services.alone, "/wfs"),
    (r"csw_ogc/.*_sos_.*", "sensorthings", services.alone, SOS),
    (r"csw_ogc/sta_.*", "sensorthings", lambda name: services.sensors, "/FROST/v1.1"),
    (r"csw_ogc/fr_geonetwork-iso.*", "csw", lambda name: services.geonetwork, "/srv/fre/csw"),
    (r"csw_ogc/.*\.xml", "csw", None, ""),
    (r"dcat/.*\.json", "datajson", services.alone, "/data.json"),
    (r"dcat/.*", "dcat", lambda name: services.pages(of(name)), ""),
    (r"excel/.*\.(csv|xlsx?)", "files", None, ""),
    (r"px/.*", "pxweb", None, ""),
    (r"rest/.*json", "rest", services.alone, "/du-lieu"),
    (r"sdmx/.*", "sdmx", None, ""),
]


def of(name: str) -> list[str]:
    """The files of the source that a file is the first of."""
    return [name, *TOGETHER.get(name, [])]


@dataclass
class Row:
    """What came of a file."""

    name: str
    read_by: str
    datasets: int = 0
    tables: int = 0
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    held: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def codes(self) -> dict[str, int]:
        """Problems by code, and what a person was asked before anything was written."""
        found = Counter(problem.code for problem in self.problems)
        return dict(sorted([*found.items(), *((f"held: {why}", 1) for why in self.held)]))

    @property
    def remark(self) -> str:
        """Why it is no source, or what is known of its problems."""
        if self.name.endswith(PROVENANCE):
            return "says where the files of the folder come from"
        return NO_SOURCE.get(self.name) or KNOWN.get(self.name, ({}, ""))[1]

    @property
    def unexpected(self) -> bool:
        """Whether its problems are others than it is known for; fewer are others, too."""
        return self.codes != KNOWN.get(self.name, ({}, ""))[0]


def how(name: str, names: Sequence[str]) -> tuple[str, AbstractContextManager[tuple[str, Any]]]:
    """The source type of a file and its source. Raises LookupError when nobody says how."""
    if name == INDEX:
        return "sdmx", services.listed()
    for pattern, type_, serve, path in TYPES:
        if not re.fullmatch(pattern, name):
            continue
        if serve is None:
            return type_, services.folder(names)
        return type_, services.web(serve(name), path or urlsplit(ADDRESS[name]).path)
    raise LookupError(f"{name}: say in tests/real_table.py how it is read, or why it is not")


@dataclass
class Harvest:
    """What the engine did with a source: its memory, the catalogue, the run."""

    ledger: FakeLedger
    catalog: FakeCatalog
    run: Run
    held: tuple[str, ...] = ()


def harvest(name: str, names: Sequence[str]) -> Harvest:
    """The source that a file is the first of, taken by the engine into a catalogue in memory.

    What the guards hold is approved, and remembered as held.
    """
    type_, served = how(name, names)
    ledger = FakeLedger()
    catalog = FakeCatalog(ledger)
    with served as (url, fetch):
        config = {"read": READ.get(name, {}), "mapping": MAPPING.get(name, {})}
        run = ledger.start(make_source(type_, url, config))
        ports = Ports(ledger, catalog, fetch)
        held = ledger.held[run.id] if execute(run, ports) == "held" else ()
        if held:
            execute(ledger.approve(run), ports)
    return Harvest(ledger, catalog, run, held)


def rows_of(name: str) -> list[Row]:
    """The row of a file that a source begins with, and those of the files read with it."""
    begun = time.monotonic()
    done = harvest(name, of(name))
    problems = [problem for problem in done.ledger.problems[done.run.id] if not problem.note]
    first = Row(name, done.run.source.type, problems=problems, held=done.held)
    first.seconds = time.monotonic() - begun
    rows = {other: Row(other, f"part of {name}") for other in of(name)[1:]}
    for dataset in done.catalog.datasets.values():
        # A file that a list names is itself what its dataset was read from.
        listed = LISTED.get(str(dataset.fields.get("url")), "") if name == INDEX else ""
        row = rows.get(listed, first)
        digests = [resource.table for resource in dataset.resources if resource.table]
        tables = [decode_table(done.ledger.get_blob(digest)) for digest in digests]
        row.datasets += 1
        row.tables += len(tables)
        row.rows += sum(len(table.rows) for table in tables)
    return [first, *rows.values()]


def table() -> list[Row]:
    """A row for every file of the folder, by name."""
    names = [path.relative_to(REAL).as_posix() for path in REAL.rglob("*") if path.is_file()]
    parts = {part for others in TOGETHER.values() for part in others}
    rows: list[Row] = []
    for name in names:
        if name.endswith(PROVENANCE) or name in NO_SOURCE:
            rows.append(Row(name, "not a source payload"))
        elif name not in parts:
            rows += rows_of(name)
    return sorted(rows, key=lambda row: row.name)


def totals(rows: Sequence[Row]) -> dict[str, int]:
    """What all rows come to."""
    return {
        "files": len(rows),
        "datasets": sum(row.datasets for row in rows),
        "tables": sum(row.tables for row in rows),
        "rows": sum(row.rows for row in rows),
        "problems": sum(len(row.problems) for row in rows),
        "unexpected": sum(row.unexpected for row in rows),
    }


def markdown(rows: Sequence[Row]) -> str:
    """The table, its totals last."""
    lines = ["| file | read by | datasets | tables | rows | problems | remark |"]
    lines.append("|---|---|---:|---:|---:|---|---|")
    for row in rows:
        said = ", ".join(f"{code} × {count}" for code, count in row.codes.items())
        said += " **(not expected)**" if row.unexpected else ""
        cells = (row.name, row.read_by, row.datasets, row.tables, row.rows, said, row.remark)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    sums = totals(rows)
    took = sum(row.seconds for row in rows)
    said = f"{sums['problems']} ({sums['unexpected']} files with others than expected)"
    counts = " | ".join(str(sums[key]) for key in ("datasets", "tables", "rows"))
    lines.append(f"| **{sums['files']} files** | {took:.0f} s | {counts} | {said} | |")
    return "\n".join(lines)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    print(markdown(table()))
