"""`./portal bench unchanged`: a harvest that finds nothing new, ours against ckanext-harvest.

Ours reads a portal of 100,000 packages × 3 resources that answers 200 with full bodies and cannot
be asked for dates alone, so that every body is read and compared. Its first harvest is not run (it
would take an hour): the ledger's rows are written as a first harvest leaves them, by the code that
computes hash, mark and version, without the record as last harvested; of the catalogue's datasets
there are bare rows. A source that says the same reads none of what is left out.

Stock harvests fewer packages (it is that slow) a first time, and is measured the second time, with
`force_all` and packages without a date: what any importer on its base class does where the source
tells no dates. Both take turns. `--packages=N`, `--stock=N` (0 leaves it out), `--times=N`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import Any

import psutil

from tests.bench._listing import packages, write
from tests.bench._machine import machine
from tests.bench._ours import Ours
from tests.bench._stock import Stock
from tests.bench._unchanged import Again, fill, harvest_again
from tests.ckan_source import serving

SECONDS, CPU_RATIO, MEGABYTES = 60.0, 200.0, 400.0


@contextmanager
def listing(count: int, folder: Path) -> Iterator[str]:
    """The address of a running portal of so many packages, served by a process of its own."""
    file = folder / "packages.json"
    size = write(file, packages(count))
    print(f"  {count} packages, {size / 1e6:.0f} MB", file=sys.stderr)
    command = [sys.executable, "-m", "tests.bench._listing", str(file)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait(10)


def measure(count: int, of_stock: int, times: int) -> tuple[list[Again], list[float]]:
    """Ours and stock in turn, so many times; of stock the CPU milliseconds for a package."""
    ini = Path(os.environ["PORTAL_TEST_INI"])
    ours, stock = Ours(os.environ, ini), Stock(os.environ, ini)
    mine: list[Again] = []
    theirs: list[float] = []
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            listing(count, Path(folder)) as url,
            stock.consumers() as consumers,
            _dateless(of_stock) as there,
        ):
            source = ours.add("khong-doi", url)
            fill(ours, source, url, packages(count))
            if of_stock:
                stock.harvest("khong-doi", there, of_stock, force_all=True)
            with ours.workers() as [worker]:
                for _ in range(times):
                    mine.append(harvest_again(ours, source, worker))
                    print(f"  ours: {mine[-1]}", file=sys.stderr)
                    if of_stock:
                        before = _cpu(consumers)
                        stock.harvest_again("khong-doi", of_stock)
                        theirs.append((_cpu(consumers) - before) / of_stock * 1000)
                        print(f"  stock: {theirs[-1]:.1f} ms a package", file=sys.stderr)
    finally:
        stock.close()
        ours.close()
    return mine, theirs


@contextmanager
def _dateless(count: int) -> Iterator[str]:
    """The address of a portal whose packages have no date."""
    with serving(count) as portal:
        for id_, package in portal.packages.items():
            package.pop("metadata_modified")
            portal.text[id_] = json.dumps(package)
        yield portal.base


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def rows(mine: list[Again], theirs: list[float]) -> list[dict[str, Any]]:
    """The measured lines, as `./portal bench --json` gives them: CPU the mean, else the worst."""
    what = f"unchanged re-harvest of {mine[0].records} packages, full bodies"
    cpu = fmean(again.cpu / again.records * 1000 for again in mine)
    stock = fmean(theirs) if theirs else None
    ratio = stock / cpu if stock else None
    seconds = max(again.seconds for again in mine)
    return [
        _row(f"{what} (ledger filled beforehand), slowest of {len(mine)}", seconds, "s", SECONDS),
        {
            "what": "worker CPU for an unchanged package",
            "ours": round(cpu, 4),
            "stock": round(stock, 2) if stock else None,
            "ratio": round(ratio, 1) if ratio else None,
            "unit": "ms",
            "goal": CPU_RATIO,
            "met": bool(ratio and ratio >= CPU_RATIO),
        },
        _row("peak memory of the worker", max(a.megabytes for a in mine), "MB", MEGABYTES),
        _row("rows of the catalogue written", max(a.written for a in mine), "rows", 0),
    ]


def _row(what: str, value: float, unit: str, goal: float) -> dict[str, Any]:
    numbers = {"ours": round(value, 2), "stock": None, "ratio": None}
    return {"what": what, **numbers, "unit": unit, "goal": goal, "met": value <= goal}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./portal bench unchanged", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--packages", type=int, default=100_000)
    parser.add_argument("--stock", type=int, default=500)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    found = rows(*measure(options.packages, options.stock, options.times))
    if options.json:
        print(json.dumps({"bench": "unchanged", "machine": machine(), "rows": found}))
        return 0
    print(f"unchanged · {machine()}")
    for line in found:
        verdict = "met" if line["met"] else "not met"
        against = f" against {line['stock']}" if line["stock"] is not None else ""
        times = f", {line['ratio']} times" if line["ratio"] is not None else ""
        print(f"  {line['what']}: {line['ours']}{against} {line['unit']}{times} ", end="")
        print(f"(goal {line['goal']}: {verdict})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
