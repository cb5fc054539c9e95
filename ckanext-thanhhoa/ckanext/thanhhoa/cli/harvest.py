"""`thanhhoa harvest …`: run a source, look at a plan, approve or reject it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from ckan import model
from ckanext.thanhhoa import runs, sources, undo
from ckanext.thanhhoa.cli.command import (
    command,
    exit_code,
    json_option,
    lang,
    leave,
    print_json,
    say,
)
from ckanext.thanhhoa.cli.following import follow
from ckanext.thanhhoa.cli.rendering import lines, undo_lines
from ckanext.thanhhoa.run_causes import as_csv, as_workbook, causes
from ckanext.thanhhoa.run_facts import run_report
from ckanext.thanhhoa.words import word


@click.group(short_help="Thu thập dữ liệu / harvests.")
def harvest() -> None:
    """Thu thập: lập kế hoạch, chạy, duyệt, từ chối, xem. / Plan, run, approve, reject, look."""


@harvest.command("run")
@click.argument("name")
@json_option
def run(name: str, as_json: bool) -> None:
    """Đọc nguồn NAME rồi áp dụng thay đổi nếu an toàn; đợi đến khi xong.

    Reads a source and applies what changed where the guards allow; blocks until the run ends.
    Exit codes: 0 done, 1 with failed records or an incomplete listing, 2 failed, 3 held.
    """
    _do(name, "run", as_json)


@harvest.command("plan")
@click.argument("name")
@json_option
def plan(name: str, as_json: bool) -> None:
    """Xem trước những thay đổi từ nguồn NAME; chưa ghi gì vào Cổng.

    Shows what a run would change; nothing is written. Exit codes: 0, or 3 if it would be held.
    The plan can be applied with: harvest approve RUN.
    """
    _do(name, "plan", as_json)


def _do(name: str, kind: str, as_json: bool) -> None:
    with command(as_json):
        run_id = runs.request(sources.find(name), kind, "cli")
        model.Session.commit()
        _tell(follow(run_id), as_json)


@harvest.command("approve")
@click.argument("run_id", metavar="RUN")
@json_option
def approve(run_id: str, as_json: bool) -> None:
    """Duyệt lần chạy RUN đang chờ: đọc lại nguồn, áp dụng nếu kế hoạch vẫn như cũ.

    Reads the source again and applies the run if the plan still is the same; blocks until it ends.
    If the source has changed since, the run is held with the new plan (exit code 3).
    """
    with command(as_json):
        row = runs.find(run_id)
        runs.approve(row.id, "cli")
        model.Session.commit()
        _tell(follow(row.id), as_json)


@harvest.command("errors")
@click.argument("run_id", metavar="RUN")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Ghi mọi vấn đề vào tệp .csv hoặc .xlsx. / Every error into this file.",
)
@json_option
def errors(run_id: str, output: Path | None, as_json: bool) -> None:
    """Các vấn đề của lần chạy RUN, gộp theo nguyên nhân. / A run's errors, grouped by cause."""
    with command(as_json):
        row = runs.find(run_id)
        if output is not None:
            _write(output, row.id)
        found = causes(row.id, lang())
        if as_json:
            print_json({"run": row.id, "causes": found})
            return
        for cause in found:
            click.echo(f"{cause['count']} × {cause['message']}")
            click.echo(f"    {cause['hint']}")
            if cause["records"]:
                click.echo(f"    {', '.join(cause['records'])}")


def _write(output: Path, run_id: str) -> None:
    if output.suffix.lower() not in (".csv", ".xlsx"):
        raise click.UsageError("--output: .csv, .xlsx")
    whole = output.suffix.lower() == ".csv"
    output.write_bytes(b"".join(as_csv(run_id, lang())) if whole else as_workbook(run_id, lang()))


@harvest.command("reject")
@click.argument("run_id", metavar="RUN")
@json_option
def reject(run_id: str, as_json: bool) -> None:
    """Từ chối lần chạy RUN đang chờ: không áp dụng thay đổi nào. / Rejects a run that waits."""
    with command(as_json):
        row = runs.find(run_id)
        runs.reject(row.id, "cli")
        model.Session.commit()
        if as_json:
            print_json(run_report(row.id, lang()))
        else:
            say("rejected", run=row.id)


@harvest.command("undo")
@click.argument("run_id", metavar="RUN")
@click.option("--preview", is_flag=True, help="Chỉ xem, không ghi / only show what it would do.")
@json_option
def undo_run(run_id: str, preview: bool, as_json: bool) -> None:
    """Hoàn tác lần chạy RUN; nội dung đã sửa sau đó được giữ nguyên. Đợi đến khi xong.

    Takes a run back: metadata, resources, files, tables, withdrawals. What was edited or built on
    since is kept and reported. Blocks until it is done.
    """
    with command(as_json):
        row = undo.undoable(run_id)
        if preview:
            _preview(undo.preview(row.id, lang()), as_json)
            return
        new_id = undo.request(row.id, "cli")
        model.Session.commit()
        _tell(follow(new_id), as_json)


def _preview(shown: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(shown)
        return
    for line in undo_lines(shown, lang()):
        click.echo(line)


@harvest.command("cancel")
@click.argument("run_id", metavar="RUN")
@json_option
def cancel(run_id: str, as_json: bool) -> None:
    """Dừng lần chạy RUN; phần đã ghi được giữ nguyên. / Stops a run; what it has written stays."""
    with command(as_json):
        row = runs.find(run_id)
        runs.cancel(row.id, "cli")
        model.Session.commit()
        if as_json:
            print_json(run_report(row.id, lang()))
        else:
            say("cancel_asked", run=row.id)


@harvest.command("status")
@click.argument("run_id", metavar="[RUN]", required=False)
@json_option
def status(run_id: str | None, as_json: bool) -> None:
    """Báo cáo của lần chạy RUN, hoặc lần chạy gần nhất của mỗi nguồn.

    The report of a run, or the latest run of each source.
    """
    with command(as_json):
        if run_id:
            _show(run_report(run_id, lang()), as_json)
            return
        latest = [_latest(row) for row in sources.listed()]
        if as_json:
            print_json({"sources": latest})
            return
        if not latest:
            say("no_sources")
        for entry in latest:
            click.echo(_line(entry))


def _latest(row: Any) -> dict[str, Any]:
    ids = runs.latest(row.id, 1)
    return {
        "source": row.name,
        "schedule": row.schedule,
        "next_run_at": row.next_run_at.isoformat() if row.next_run_at else None,
        "datasets": sources.dataset_count(row.id),
        "last_run": run_report(ids[0], lang(), changes=0) if ids else None,
    }


def _line(entry: dict[str, Any]) -> str:
    report = entry["last_run"]
    if report is None:
        return f"{entry['source']:<24} {word('no_runs', lang())}"
    counts = {k: report[k] for k in ("created", "updated", "unchanged", "withdrawn", "failed")}
    state = word(f"state_{report['state']}", lang())
    when = report["ended_at"] or report["started_at"] or report["requested_at"]
    numbers = word("counts", lang(), **counts)
    return f"{entry['source']:<24} {state:<18} {when[:19]}  {numbers}  [{report['run']}]"


def _tell(report: dict[str, Any], as_json: bool) -> None:
    _show(report, as_json)
    leave(exit_code(report))


def _show(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for line in lines(report, lang()):
        click.echo(line)
