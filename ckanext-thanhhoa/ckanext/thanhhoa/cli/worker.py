"""`thanhhoa worker`: does the runs that people and the schedule ask for."""

from __future__ import annotations

import click
from ckanext.thanhhoa import config
from ckanext.thanhhoa.cli.command import FAILED, command, note
from ckanext.thanhhoa.worker import Worker


@click.command(short_help="Tiến trình thu thập / the harvest worker.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Số lần chạy cùng lúc / runs at a time.",
)
@click.pass_context
def worker(ctx: click.Context, concurrency: int) -> None:
    """Thực hiện các lần chạy theo yêu cầu và theo lịch, đến khi nhận lệnh dừng (SIGTERM).

    Does the runs and keeps the schedule until it is told to end (SIGTERM). Any number of workers
    may run, on any number of machines. A run whose worker dies is taken over by another. One slot
    of --concurrency is kept for runs that a person asks for.
    """
    with command():
        if not config.jobs_url():
            note("worker_without_jobs")
            raise click.exceptions.Exit(FAILED)
    note("worker_started", concurrency=concurrency)
    Worker(ctx.meta["flask_app"], concurrency).run()
