"""`./portal bench harvest`: a first harvest from a CKAN portal, ours against ckanext-harvest.

Both read the same datasets from the same local portal, in rounds that take turns, each side with
its own database on the same PostgreSQL server and its own core in the same Solr; each worker has
loaded CKAN before the clock starts. A round's time goes from the first request to the last dataset
stored (ours: until a search finds it). `--datasets=N` and `--rounds=N` change the
size.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.bench._machine import machine
from tests.bench._ours import Ours
from tests.bench._stock import Stock
from tests.ckan_source import serving

GOAL_RATE, GOAL_CPU = 12.0, 6.0
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


def measure(datasets: int, rounds: int) -> tuple[Side, Side]:
    """Ours and stock after all rounds."""
    services = dict(os.environ)
    ini = Path(services["PORTAL_TEST_INI"])
    stock, ours = Stock(services, ini), Ours(services, ini)
    each = datasets // rounds
    try:
        with stock.consumers() as theirs, ours.worker() as own:
            sides = Side("ours", ours.harvest, own), Side("stock", stock.harvest, theirs)
            for number in range(1, rounds + 1):
                with serving(each, first=(number - 1) * each) as portal:
                    for side in sides if number % 2 else sides[::-1]:
                        side.round(number, portal.base, each)
    finally:
        stock.close()
        ours.close()
    return sides


def rows(ours: Side, stock: Side) -> list[dict[str, Any]]:
    """The measured lines, as `./portal bench --json` gives them."""
    what = f"first harvest of {ours.datasets} datasets × 3 resources from a CKAN portal"
    speed = ours.datasets / ours.seconds, stock.datasets / stock.seconds
    cpu = ours.cpu / ours.datasets * 1000, stock.cpu / stock.datasets * 1000
    return [
        row(what, speed, speed[0] / speed[1], "datasets/s", GOAL_RATE),
        row("worker CPU for a new dataset", cpu, cpu[1] / cpu[0], "ms", GOAL_CPU),
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
    parser.add_argument("--datasets", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found = rows(*measure(options.datasets, options.rounds))
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
