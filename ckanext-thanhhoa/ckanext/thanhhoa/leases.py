"""Who may work on a run, and on which part of it: statements, and the heartbeat.

A run has one holder, with a lease and a fencing token that grows when the run changes hands; while
its plan is applied, each part of the plan is leased in the same way by the holder or by a helper.
What commits under a token holds the row `FOR KEY SHARE` until its commit (`hold`); who takes a run
or a part over, or ends it, locks the row `FOR UPDATE` first. So nobody takes over what is about to
be written, and what was taken over can no longer be written. A process that stands still in the
middle of a transaction would keep its locks: PostgreSQL ends the transaction after a while.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa import config
from ckanext.thanhhoa.model import part as part_table
from ckanext.thanhhoa.model import plan_item
from ckanext.thanhhoa.model import run as run_table
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from harvesters.ports import Part, Run

log = logging.getLogger(__name__)

#: From this many leases of a part without a line settled on, its lines are written one by one.
CAREFUL_FROM = 3
#: From this many on, its next line is what kills workers: it is refused.
DEADLY_FROM = 9

#: Distinguishes processes of the same number on machines of the same name.
_PROCESS = secrets.token_hex(3)
_NOW = sa.func.clock_timestamp()
#: A run whose deadline has passed and that does not look up any more loses its lease after this.
_GRACE = sa.literal_column("interval '30 seconds'")

#: Runs that a worker could take now.
FREE = sa.or_(
    sa.and_(
        run_table.c.state == "queued",
        sa.or_(run_table.c.not_before.is_(None), run_table.c.not_before <= _NOW),
    ),
    sa.and_(run_table.c.state == "running", run_table.c.lease_until < _NOW),
)


def owner() -> str:
    """Who holds a lease, for the log and for people: host, process and thread."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_native_id()}:{_PROCESS}"


def lease_end() -> Any:
    """When a lease that begins now ends."""
    return _NOW + sa.literal_column(f"interval '{config.lease_seconds()} seconds'")


def mine(run: Run) -> Any:
    """The condition that this is the run's current token."""
    return sa.and_(
        run_table.c.id == run.id,
        run_table.c.token == run.token,
        run_table.c.state == "running",
    )


def my_part(run: Run, part: Part) -> Any:
    """The condition that this is the part's current token."""
    return sa.and_(
        part_table.c.run_id == run.id,
        part_table.c.number == part.number,
        part_table.c.token == part.token,
        part_table.c.state == "open",
    )


def stands_still() -> int:
    """Seconds after which PostgreSQL ends a transaction of a process that stands still."""
    return config.lease_seconds() + 15


def let_go_in_the_end(engine: Engine) -> None:
    """What this process has locked is free soon after it was halted or its machine put to sleep.

    However short a transaction is, a process may be halted in the middle of it, and a lock that is
    kept would keep everybody else from taking the run over.
    """
    event.listen(engine, "connect", _limit_stillness)
    engine.dispose()


def _limit_stillness(connection: Any, _: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{stands_still()}s'")
    connection.commit()


def hold(run: Run) -> bool:
    """Locks the run, and its part, until the commit; False when either was taken over.

    From here on PostgreSQL ends the transaction if this process stands still in it.
    """
    still = max(config.lease_seconds(), 10) * 1000
    held: Any = run_table
    if run.part is not None:
        held = run_table.join(part_table, my_part(run, run.part))
    query = (
        sa.select(sa.func.set_config("idle_in_transaction_session_timeout", str(still), True))
        .select_from(held)
        .where(mine(run))
        .with_for_update(read=True, key_share=True)
    )
    return model.Session.execute(query).first() is not None


def seize(run: Run) -> bool:
    """Locks the run against every holder and helper, to end it or pass it on; False if not ours."""
    query = sa.select(run_table.c.id).where(mine(run)).with_for_update()
    return model.Session.execute(query).first() is not None


def divide(run: Run, lines: int) -> None:
    """Cuts what is pending into parts, once. In the caller's transaction, which has seized it."""
    cut = sa.exists().where(part_table.c.run_id == run.id)
    if model.Session.execute(sa.select(cut)).scalar():
        return
    place = sa.func.row_number().over(order_by=plan_item.c.seq) - 1
    pending = (
        sa.select(plan_item.c.seq, (place // lines).label("number"))
        .where(plan_item.c.run_id == run.id, plan_item.c.state == "pending")
        .subquery()
    )
    parts = sa.select(
        sa.literal(run.id),
        pending.c.number,
        sa.func.min(pending.c.seq),
        sa.func.max(pending.c.seq),
    ).group_by(pending.c.number)
    columns = ["run_id", "number", "first_seq", "last_seq"]
    model.Session.execute(sa.insert(part_table).from_select(columns, parts))


def claim(run: Run, holder: str) -> Part | None:
    """Leases a free part of the run. In the caller's transaction.

    A part on which workers died again and again, without settling a line of it, is careful.
    """
    free = (
        sa.select(part_table)
        .where(part_table.c.run_id == run.id, _claimable(run.token))
        .order_by(part_table.c.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = model.Session.execute(free).first()
    if row is None:
        return None
    pending = sa.select(sa.func.count()).where(in_part(run.id, row.first_seq, row.last_seq))
    left = int(model.Session.execute(pending).scalar() or 0)
    tried = attempts_after(row.attempts, progress=left < row.left)
    taken = {
        "token": row.token + 1,
        "run_token": run.token,
        "attempts": tried,
        "left": left,
        "lease_owner": holder,
        "lease_until": lease_end(),
    }
    this = (part_table.c.run_id == run.id, part_table.c.number == row.number)
    model.Session.execute(sa.update(part_table).where(*this).values(taken))
    return Part(row.number, row.token + 1, row.first_seq, row.last_seq, tried >= CAREFUL_FROM)


def attempts_after(before: int, progress: bool) -> int:
    """Leases in a row without a line settled. A part that was careful stays careful."""
    if not progress:
        return before + 1
    return CAREFUL_FROM if before >= CAREFUL_FROM else 1


def is_deadly(run: Run, part: Part) -> bool:
    """Whether workers die on the next line of the part, however often it is tried."""
    query = sa.select(part_table.c.attempts).where(my_part(run, part))
    return int(model.Session.execute(query).scalar() or 0) >= DEADLY_FROM


def in_part(run_id: str, first: int, last: int) -> Any:
    """The condition that a line of the plan is pending and lies in this stretch."""
    return sa.and_(
        plan_item.c.run_id == run_id,
        plan_item.c.state == "pending",
        plan_item.c.seq.between(first, last),
    )


def close(run: Run, part: Part) -> bool:
    """The part is done if none of its lines is pending any more; False when it is not ours."""
    left = sa.exists().where(in_part(run.id, part.first, part.last))
    done = sa.update(part_table).where(my_part(run, part), ~left)
    values = {"state": "done", "lease_until": None, "lease_owner": None}
    return bool(model.Session.execute(done.values(values)).rowcount == 1)


def release_part(run: Run, part: Part) -> None:
    """Gives the part back unharmed: another may go on with it at once."""
    given = sa.update(part_table).where(my_part(run, part))
    fewer = sa.func.greatest(part_table.c.attempts - 1, 0)
    values = {"lease_until": None, "lease_owner": None, "attempts": fewer}
    model.Session.execute(given.values(values))


def _claimable(run_token: Any) -> Any:
    return sa.and_(
        part_table.c.state == "open",
        sa.or_(
            part_table.c.lease_until.is_(None),
            part_table.c.lease_until < _NOW,
            part_table.c.run_token != run_token,
        ),
    )


def free_part(run_id: Any, run_token: Any) -> Any:
    """The condition that a part of the run could be leased now."""
    return sa.exists().where(part_table.c.run_id == run_id, _claimable(run_token))


def open_part(run_id: Any) -> Any:
    """The condition that a part of the run is not settled, leased or not."""
    return sa.exists().where(part_table.c.run_id == run_id, part_table.c.state == "open")


class Heartbeat:
    """Prolongs the leases of a run and of its parts from a thread of its own.

    So a slow source or a large table does not lose them. Uses connections of its own. `lost` is
    called when the run was taken over, cancelled, or is past its deadline and does not look up.
    """

    def __init__(self, run: Run, lost: Callable[[], None] = lambda: None):
        self._run = run
        self._lost = lost
        self._owner = owner()
        self._seconds = config.lease_seconds()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease {run.id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join(timeout=self._seconds)

    def _beat(self) -> None:
        while not self._done.wait(self._seconds / 4):
            try:
                kept = self._prolong()
            except SQLAlchemyError as error:
                # The database may come back within the lease; the run itself notices as well.
                reason = getattr(error, "orig", error)
                log.warning("lease of run %s not prolonged: %s", self._run.id, reason)
                continue
            if not kept:
                self._lost()
                return

    def _prolong(self) -> bool:
        run = self._run
        parts = sa.update(part_table).where(
            part_table.c.run_id == run.id,
            part_table.c.run_token == run.token,
            part_table.c.lease_owner == self._owner,
            part_table.c.state == "open",
        )
        with model.ensure_engine().begin() as connection:
            connection.execute(parts.values(lease_until=lease_end()))
            if run.helping:
                query = sa.select(run_table.c.id).where(mine(run))
                return connection.execute(query).first() is not None
            whole = sa.update(run_table).where(
                mine(run), run_table.c.deadline_at + _GRACE > sa.func.now()
            )
            prolonged = connection.execute(whole.values(lease_until=lease_end()))
            return bool(prolonged.rowcount == 1)
