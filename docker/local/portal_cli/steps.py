"""Progress for people: one line a step with its time; a failed step says what to do next."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class StepFailed(Exception):
    """A step that cannot go on: what failed, what to do, where the log is."""

    def __init__(self, what: str, todo: str, log: Path | None = None, code: int = 1):
        super().__init__(what)
        self.what, self.todo, self.log, self.code = what, todo, log, code


def say(text: str) -> None:
    """A line for the person at the terminal; stdout is kept for results."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announces a step when it takes longer than two seconds, and closes it with its time."""
    start = time.monotonic()
    announced = threading.Timer(2.0, lambda: say(f"  … {title}"))
    announced.start()
    try:
        yield
    finally:
        announced.cancel()
    say(f"  ✓ {title} ({time.monotonic() - start:.1f} s)")


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    what: str,
    todo: str,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Runs a command with its output in a log; StepFailed when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        out.write(f"\n$ {' '.join(map(str, command))}\n".encode())
        out.flush()
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            check=False,
        )
    if done.returncode:
        raise StepFailed(what, todo, log)


def last_line(log: Path) -> str:
    """The end of a log, where the reason mostly stands; empty when there is none."""
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def together(*tasks: Callable[[], None]) -> None:
    """Runs independent steps side by side and raises the first failure once all have ended."""
    failures: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def wait_for(
    probe: Callable[[], T | None], seconds: float, what: str, todo: str, log: Path | None = None
) -> T:
    """Asks `probe` until it gives something; StepFailed after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        found = probe()
        if found is not None:
            return found
        if time.monotonic() > until:
            raise StepFailed(what, todo, log)
        time.sleep(0.1)
