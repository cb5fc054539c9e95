"""What becomes of a plan that the guards have judged, given what people said before. Pure.

A person's yes or no is about one plan, known by its digest: which datasets it would write, from
which versions of their records. So a yes holds only while the source still gives that plan, and a
no is not asked again until the source gives another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harvesters.errors import Problem
from harvesters.ports import RunState


@dataclass(frozen=True)
class Said:
    """What people have said of the source's plans.

    `approved` is the digest of the plan of this run that a person approved. `rejected` is the
    digest of the last plan of the source, if a person rejected that run, `rejected_run`. `redoes`
    says whether the plan would do again what was undone.
    """

    approved: str | None = None
    rejected: str | None = None
    rejected_run: str = ""
    redoes: bool = False


@dataclass(frozen=True)
class Ruling:
    """The run's next state, why it waits, and what its report notes."""

    state: RunState
    held_because: tuple[str, ...] = ()
    note: Problem | None = None


def rule(kind: str, held: Sequence[str], digest: str, writes: bool, said: Said) -> Ruling:
    """`held` are the guards' reasons; `writes` whether the plan would write anything at all."""
    reasons = (*held, *(("undone_before",) if said.redoes else ()))
    if kind == "undo":
        return Ruling("running")
    if said.approved is not None:
        if digest == said.approved:
            return Ruling("running", reasons)
        return Ruling("held", (*reasons, "source_changed"))
    if kind == "run" and writes and digest == said.rejected:
        params = {"run": said.rejected_run}
        return Ruling("rejected", reasons, Problem("rejected_before", params=params, note=True))
    if reasons:
        return Ruling("held", reasons)
    return Ruling("planned" if kind == "plan" else "running")
