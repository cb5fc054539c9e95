"""One error root and the value that stands for an expected failure in a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Problem:
    """Something that went wrong or that a person should know, as data.

    Stored by code and parameters, and put into words by `harvesters.messages` in the reader's
    language. `where` names the resource (file and sheet, URL without credentials); `record` is the
    remote id of the record concerned, or None when the whole run is. A `note` is no failure: it
    says what was converted or left out.
    """

    code: str
    where: str = ""
    record: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    note: bool = False

    def of(self, record: str) -> Problem:
        """The same problem, said of one record."""
        return replace(self, record=record)

    def as_note(self, record: str) -> Problem:
        """The same, said of one record as a note."""
        return replace(self, record=record, note=True)

    def to_json(self) -> dict[str, Any]:
        """The form kept in the ledger."""
        return {
            "code": self.code,
            "where": self.where,
            "record": self.record,
            "params": dict(self.params),
            **({"note": True} if self.note else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Problem:
        """Back from the ledger."""
        return cls(
            data["code"],
            data.get("where", ""),
            data.get("record"),
            dict(data.get("params") or {}),
            bool(data.get("note")),
        )


class HarvestError(Exception):
    """Root of the engine's errors: an expected failure with a stable code.

    >>> str(HarvestError("no_table", where="bao-cao.xlsx", sheet="Biểu 3"))
    "no_table: bao-cao.xlsx (sheet='Biểu 3')"
    """

    def __init__(self, code: str, where: str = "", record: str | None = None, **params: object):
        self.problem = Problem(code, where, record, {k: str(v) for k, v in params.items()})
        super().__init__(code, where)

    @property
    def code(self) -> str:
        return self.problem.code

    def __str__(self) -> str:
        problem = self.problem
        shown = ", ".join(f"{k}={v!r}" for k, v in sorted(problem.params.items()))
        text = f"{problem.code}: {problem.where}" if problem.where else problem.code
        return f"{text} ({shown})" if shown else text


class LeaseLost(HarvestError):
    """Another worker has taken the run over: stop at once and write nothing more."""

    def __init__(self, run: str):
        super().__init__("lease_lost", run=run)


class Cancelled(HarvestError):
    """A person asked for the run to stop."""

    def __init__(self, run: str):
        super().__init__("cancelled", run=run)
