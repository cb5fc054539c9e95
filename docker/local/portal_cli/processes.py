"""Which processes belong to a home, found by the mark in their environment, and their end.

Process ids in files may be stale and belong to another program by now; a mark cannot.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

MARK = "PORTAL_SUPERVISED_HOME"


def of_home(home: Path) -> dict[int, str]:
    """Process id and program of everything that was started for this home and still runs."""
    mark = f"{MARK}={home}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes()
            state, program = _state(entry), (entry / "comm").read_text().strip()
        except (OSError, ValueError):
            continue  # ended meanwhile, or another person's
        if state != "Z" and mark in environment.split(b"\0"):
            found[int(entry.name)] = program
    return found


def _state(entry: Path) -> str:
    return (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]


def end(home: Path, seconds: float = 20) -> list[str]:
    """Ends what is left of a home and returns the programs that had to be told to."""
    left = of_home(home)
    told = sorted(set(left.values()))
    for pid, program in left.items():
        # PostgreSQL waits for its clients on SIGTERM and sends them away on SIGINT.
        _send(pid, signal.SIGINT if program == "postgres" else signal.SIGTERM)
    if not wait_until_gone(home, seconds):
        for pid in of_home(home):
            _send(pid, signal.SIGKILL)
        wait_until_gone(home, 5)
    return told


def wait_until_gone(home: Path, seconds: float) -> bool:
    """Whether nothing of the home runs any more, within that time."""
    until = time.monotonic() + seconds
    while of_home(home):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
