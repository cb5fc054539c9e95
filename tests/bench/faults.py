"""`./portal bench faults`: the fault suite, long. Each fault many times, on a portal of its own.

``--scale=0.1`` does a tenth of it, ``--only=WORD`` the faults with that word, ``--seed=N`` other
choices. A row's figure is the number of things found lost, doubled or left standing: none is the
goal. What a scenario finds ends it, and is told on stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench._machine import machine
from tests.faults.portal import OwnPortal, own_portal
from tests.faults.scenarios import SCENARIOS, World

SEED = 20_260_728


def measure(scale: float, only: str, seed: int) -> list[dict[str, Any]]:
    """A row for each fault."""
    rows = []
    with own_portal() as portal, tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for number, (name, (scenario, _, times)) in enumerate(SCENARIOS.items()):
            if only not in name:
                continue
            world = World(portal, seed + number, Path(folder))
            often = max(1, round(times * scale))
            rows.append(_row(portal, name, often, lambda: scenario(world, often)))  # noqa: B023
    return rows


def _row(portal: OwnPortal, name: str, often: int, scenario: Any) -> dict[str, Any]:
    began, found = time.monotonic(), 0
    try:
        scenario()
    except Exception as error:
        found = 1
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        portal.stop_workers()
    seconds = time.monotonic() - began
    print(f"  {name} × {often}: {seconds:.0f} s", file=sys.stderr)
    numbers = {"ours": found, "stock": None, "ratio": None}
    what = f"{name} × {often} ({seconds:.0f} s)"
    return {"what": what, **numbers, "unit": "losses", "goal": 0, "met": found == 0}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./portal bench faults", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    rows = measure(options.scale, options.only, options.seed)
    if options.json:
        print(json.dumps({"bench": "faults", "machine": machine(), "rows": rows}))
    else:
        print(f"faults · {machine()}")
        for row in rows:
            print(f"  {row['what']}: {'nothing lost' if row['met'] else 'LOST SOMETHING'}")
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
