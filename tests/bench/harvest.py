"""`./portal bench harvest`: a first harvest from a CKAN portal, ours against ckanext-harvest.

Both read from the same local portal, in rounds that take turns, each side with its own database on
the same PostgreSQL server and its own core in the same Solr; each worker has loaded CKAN before the
clock starts. A round's time goes from the first request to the last dataset stored (ours: until a
search finds it). Ours reads ten times as many datasets a round as stock, which would take too long.
Then two workers share a run, and two workers with a source each stand against one with both.
`--datasets=N` (ours, in all) and `--rounds=N` change the size.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.bench._machine import machine
from tests.bench._ours import Ours
from tests.bench._stock import Stock
from tests.ckan_source import Portal, serving

GOAL_RATE, STRETCH, GOAL_CPU, GOAL_TWO = 12.0, 20.0, 6.0, 1.7
#: Of so many of our datasets stock reads one; so often each setting of workers is measured.
STOCK_SHARE, PAIRS = 10, 2
Harvest = Callable[[str, str, int], tuple[float, int]]


@dataclass
class Side:
    """What one side has done so far."""

    name: str
    harvest: Harvest
    processes: list[psutil.Process]
    seconds: float = 0.0
    cpu: float = 0.0
    datasets: int = 0
    rates: list[float] = field(default_factory=list)

    def round(self, number: int, url: str, datasets: int) -> None:
        before = self._cpu()
        seconds, done = self.harvest(f"vong-{number}", url, datasets)
        self.cpu += self._cpu() - before
        self.seconds += seconds
        self.datasets += done
        self.rates.append(done / seconds)
        print(f"  {self.name}, round {number}: {done / seconds:.1f} datasets/s", file=sys.stderr)

    def _cpu(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)


@dataclass
class Measured:
    """Both sides after all rounds, and ours with more workers (datasets a second, seconds)."""

    ours: Side
    stock: Side
    shared: Side
    one_worker: float = 0.0
    two_workers: float = 0.0


def measure(datasets: int, rounds: int) -> Measured:
    """All rounds, then two workers on one run, then two sources with one worker and with two."""
    services = dict(os.environ)
    ini = Path(services["PORTAL_TEST_INI"])
    stock, ours = Stock(services, ini), Ours(services, ini)
    each = datasets // rounds
    sources = _Sources()
    try:
        with stock.consumers() as theirs, ours.workers() as own:
            sides = Side("ours", ours.harvest, own), Side("stock", stock.harvest, theirs)
            for number in range(1, rounds + 1):
                for side in sides if number % 2 else sides[::-1]:
                    size = each if side is sides[0] else each // STOCK_SHARE
                    with sources.next(size) as portal:
                        side.round(number, portal.base, size)
            together = [_together(ours, sources, each, f"mot-{n}") for n in range(PAIRS)]
        with ours.workers(2) as both:
            shared = Side("ours, two workers", ours.harvest, both)
            for number in range(rounds + 1, rounds + 1 + PAIRS):
                with sources.next(each) as portal:
                    shared.round(number, portal.base, each)
            apart = [_together(ours, sources, each, f"hai-{n}") for n in range(PAIRS)]
    finally:
        stock.close()
        ours.close()
    return Measured(*sides, shared, sum(together), sum(apart))


class _Sources:
    """Portals to read from, each with datasets that no other has had."""

    def __init__(self) -> None:
        self._first = 0

    def next(self, size: int) -> AbstractContextManager[Portal]:
        first, self._first = self._first, self._first + size
        return serving(size, first=first)


def _together(ours: Ours, sources: _Sources, size: int, name: str) -> float:
    with sources.next(size) as one, sources.next(size) as other:
        names = [f"{name}-a", f"{name}-b"]
        seconds = ours.harvest_together(names, [one.base, other.base], size)
    print(f"  two sources of {size}, {name}: {seconds:.1f} s", file=sys.stderr)
    return seconds


def rows(done: Measured) -> list[dict[str, Any]]:
    """The measured lines, as `./portal bench --json` gives them."""
    ours, stock, shared = done.ours, done.stock, done.shared
    what = f"first harvest of {ours.datasets} datasets × 3 resources, one worker"
    theirs = stock.datasets / stock.seconds
    speed, faster = ours.datasets / ours.seconds, shared.datasets / shared.seconds
    cpu = ours.cpu / ours.datasets * 1000, stock.cpu / stock.datasets * 1000
    unit = "datasets/s"
    return [
        row(what, (speed, theirs), speed / theirs, unit, GOAL_RATE),
        row("the same, two workers on the run", (faster, theirs), faster / theirs, unit, STRETCH),
        row("worker CPU for a new dataset", cpu, cpu[1] / cpu[0], "ms", GOAL_CPU),
        row(
            "two sources: two workers against one (ours both)",
            (done.two_workers, done.one_worker),
            done.one_worker / done.two_workers,
            "s",
            GOAL_TWO,
        ),
    ]


def row(
    what: str, values: tuple[float, float], ratio: float, unit: str, goal: float
) -> dict[str, Any]:
    ours, stock = (round(value, 2) for value in values)
    numbers = {"ours": ours, "stock": stock, "ratio": round(ratio, 2)}
    return {"what": what, **numbers, "unit": unit, "goal": goal, "met": ratio >= goal}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./portal bench harvest", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--datasets", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found = rows(measure(options.datasets, options.rounds))
    on = machine()
    if options.json:
        print(json.dumps({"bench": "harvest", "machine": on, "rows": found}))
        return 0
    print(f"harvest · {on}")
    for line in found:
        verdict = "met" if line["met"] else "not met"
        print(
            f"  {line['what']}: {line['ours']} against {line['stock']} {line['unit']}, "
            f"{line['ratio']} times (goal {line['goal']}: {verdict})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
