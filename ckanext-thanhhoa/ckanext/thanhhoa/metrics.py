"""What goes on, for Prometheus: asked of the database at each scrape, the same from any process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.thanhhoa.model import record, run, source, to_index, to_load
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

_PREFIX = "thanhhoa_"


def exposition() -> bytes:
    """The metrics in Prometheus' text format. Reads only; ends its transaction."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector())
    try:
        return generate_latest(registry)
    finally:
        model.Session.rollback()


class _Collector:
    """Every metric from a handful of statements."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            yield from (*_of_runs(), *_of_sources(), *_of_backlogs())
        except SQLAlchemyError:
            model.Session.rollback()
            yield _gauge("up", "Whether the portal's database answers.", [((), 0)])
            return
        yield _gauge("up", "Whether the portal's database answers.", [((), 1)])


def _of_runs() -> Iterator[Metric]:
    by_state = sa.select(run.c.state, sa.func.count()).group_by(run.c.state)
    yield _gauge("runs", "Runs kept in the history, by state.", _asked(by_state), "state")
    waiting = run.c.state == "queued"
    oldest = sa.select(_age(sa.func.min(run.c.requested_at))).where(waiting)
    yield _gauge(
        "queue_oldest_seconds", "How long the run that waits longest has waited.", _asked(oldest)
    )
    stuck = sa.select(sa.func.count()).where(
        run.c.state == "running", run.c.lease_until < sa.func.now()
    )
    yield _gauge("runs_without_worker", "Runs under way whose worker is gone.", _asked(stuck))


def _of_sources() -> Iterator[Metric]:
    active = source.c.state == "active"
    kept = (
        sa.select(source.c.name, sa.func.count())
        .join(record, record.c.source_id == source.c.id)
        .where(active, record.c.active)
        .group_by(source.c.name)
    )
    yield _gauge("source_datasets", "Datasets of a source.", _asked(kept), "source")
    good = (
        sa.select(source.c.name, _age(sa.func.max(run.c.ended_at)))
        .join(run, run.c.source_id == source.c.id)
        .where(active, run.c.state == "applied", run.c.complete)
        .group_by(source.c.name)
    )
    yield _gauge(
        "source_last_success_age_seconds",
        "Time since a source was last read whole and applied.",
        _asked(good),
        "source",
    )
    late = sa.select(source.c.name, sa.func.greatest(_age(source.c.next_run_at), 0)).where(
        active, source.c.next_run_at.is_not(None)
    )
    yield _gauge("source_lag_seconds", "How long a source is overdue.", _asked(late), "source")
    last = (
        sa.select(run.c.source_id, run.c.state, run.c.counts, run.c.started_at, run.c.ended_at)
        .where(run.c.ended_at.is_not(None))
        .distinct(run.c.source_id)
        .order_by(run.c.source_id, run.c.requested_at.desc())
        .subquery()
    )
    joined = source.join(last, last.c.source_id == source.c.id)
    failed = sa.cast(sa.func.coalesce(last.c.counts["failed"].astext, "0"), sa.Integer)
    told = (
        (
            "source_last_run_failed_records",
            "Records that failed in a source's last run.",
            failed,
        ),
        (
            "source_last_run_seconds",
            "How long a source's last run took.",
            sa.func.extract("epoch", last.c.ended_at - last.c.started_at),
        ),
        (
            "source_needs_attention",
            "1 when a source's last run failed or waits for a person.",
            sa.case((last.c.state.in_(["failed", "held"]), 1), else_=0),
        ),
    )
    for name, text, value in told:
        query = sa.select(source.c.name, value).select_from(joined).where(active)
        yield _gauge(name, text, _asked(query), "source")


def _of_backlogs() -> Iterator[Metric]:
    for name, table, text in (
        ("index", to_index, "datasets that the search does not have yet"),
        ("tables", to_load, "tables that the DataStore does not have yet"),
    ):
        query = sa.select(sa.func.count()).select_from(table)
        yield _gauge(f"{name}_backlog", f"Number of {text}.", _asked(query))
        oldest = sa.select(sa.func.coalesce(_age(sa.func.min(table.c.since)), 0))
        yield _gauge(
            f"{name}_backlog_oldest_seconds", f"Age of the oldest of {text}.", _asked(oldest)
        )


def _age(moment: Any) -> Any:
    return sa.func.extract("epoch", sa.func.now() - moment)


def _asked(query: Any) -> list[tuple[tuple[str, ...], float]]:
    """Rows as (labels, value); a row without a value is left out."""
    return [
        (tuple(map(str, row[:-1])), float(row[-1]))
        for row in model.Session.execute(query)
        if row[-1] is not None
    ]


def _gauge(name: str, text: str, rows: list[tuple[tuple[str, ...], float]], *labels: str) -> Metric:
    gauge = GaugeMetricFamily(_PREFIX + name, text, labels=labels)
    for values, value in rows:
        gauge.add_metric(values, value)
    return gauge
