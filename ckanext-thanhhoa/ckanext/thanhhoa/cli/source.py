"""`thanhhoa source …`: what is harvested, from where, and what it may reach."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from ckan import model
from ckanext.thanhhoa import (
    registration,
    source_check,
    source_probe,
    source_settings,
    sources,
    uploads,
)
from ckanext.thanhhoa.cli.command import (
    FAILED,
    command,
    exit_code,
    json_option,
    lang,
    leave,
    note,
    print_json,
    say,
)
from ckanext.thanhhoa.cli.following import follow
from ckanext.thanhhoa.schedule import SCHEDULES
from ckanext.thanhhoa.source_probe import own_grant
from ckanext.thanhhoa.words import word

from harvesters.registry import source_types


@click.group(short_help="Nguồn dữ liệu / data sources.")
def source() -> None:
    """Nguồn dữ liệu: thêm, xem, thử kết nối, xóa. / Data sources."""


@source.command("types")
@json_option
def types_(as_json: bool) -> None:
    """Các loại nguồn. / The types of sources."""
    with command(as_json):
        known = source_types()
        if as_json:
            print_json([{"type": name, "title": dict(kind.title)} for name, kind in known.items()])
            return
        for name, kind in sorted(known.items()):
            click.echo(f"{name:<14} {kind.title.get(lang()) or kind.title['en']}")


@source.command("add")
@click.argument("name")
@click.option("--type", "type_", required=True, help="Loại nguồn / type: thanhhoa source types.")
@click.option(
    "--url",
    default="",
    help="Địa chỉ hoặc thư mục (loại upload không cần) / address or folder; none for upload.",
)
@click.option("--org", required=True, help="Tên hoặc mã cơ quan / name or id of the organisation.")
@click.option(
    "--schedule",
    type=click.Choice(SCHEDULES),
    default="manual",
    show_default=True,
    help="Khi nào tự chạy (giờ Việt Nam) / when it runs by itself (Vietnam time).",
)
@click.option(
    "--allow",
    multiple=True,
    metavar="HOST:PORT|DIR",
    help="Cho phép truy cập máy chủ hoặc thư mục này, ghi được nhiều lần; không ghi thì không đọc "
    "được gì / what the source may reach; without it nothing.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False),
    metavar="FILE.yaml",
    help="auth, mapping, guards, fetch, read.",
)
@click.option(
    "--ask-secret", is_flag=True, help="Hỏi mật khẩu của nguồn / asks for the source's secret."
)
@json_option
def add(
    name: str,
    type_: str,
    url: str,
    org: str,
    schedule: str,
    allow: tuple[str, ...],
    config_file: str | None,
    ask_secret: bool,
    as_json: bool,
) -> None:
    """Thêm nguồn NAME. Không kết nối tới nguồn. / Adds a source without contacting it.

    \b
    Ví dụ / examples:
      source add so-y-te --type files --url /srv/so-y-te --allow /srv/so-y-te --org so-y-te
      source add thong-ke --type pxweb --url https://pxweb.example.vn/api/v1/vi/ \\
          --allow pxweb.example.vn:443 --org thong-ke-tinh-thanh-hoa --schedule monthly

    Không ghi mật khẩu ở đây: đặt auth.secret là env:PORTAL_SECRET_TÊN hoặc file:tên trong
    FILE.yaml, hoặc dùng --ask-secret. / Secrets go by reference or by --ask-secret, never here.
    """
    with command(as_json):
        values: dict[str, Any] = {
            "name": name,
            "type": type_,
            "url": url,
            "owner_org": org,
            "schedule": schedule,
            "allow": allow,
            "config": read_file(config_file),
        }
        if ask_secret:
            values["secret"] = click.prompt(
                word("secret_prompt", lang()), hide_input=True, err=True
            )
        source_id = registration.register(values, "cli", may_grant=True)
        model.Session.commit()
        if as_json:
            print_json(sources.shown(sources.find(source_id)))
        else:
            say("source_added", name=name)
        if not allow:
            note("source_without_grant")


def read_file(path: str | None) -> dict[str, Any]:
    """A configuration file; none is an empty one. Raises `bad_config_file`."""
    if path is None:
        return {}
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise registration.unreadable(path, error) from error
    return registration.read_config(text, path)


@source.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Các nguồn và lần chạy gần nhất. / The sources and their latest runs."""
    with command(as_json):
        rows = [sources.shown(row) for row in sources.listed()]
        if as_json:
            print_json(rows)
        elif not rows:
            say("no_sources")
        else:
            for row in rows:
                due = row["next_run_at"] or "—"
                click.echo(
                    f"{row['name']:<24} {row['type']:<8} {row['schedule']:<10} "
                    f"{row['datasets']:>6}  {due:<26} {row['url']}"
                )


@source.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Mọi thiết lập của nguồn NAME, trừ mật khẩu. / All of a source but its secret."""
    with command(as_json):
        shown = sources.shown(sources.find(name))
        if as_json:
            print_json(shown)
            return
        for key, value in shown.items():
            click.echo(f"{key:<14} {value}")


@source.command("check")
@click.argument("name")
@json_option
def check(name: str, as_json: bool) -> None:
    """Thử kết nối và đọc vài bản ghi; không ghi gì vào Cổng.

    Connects and reads a few records; writes nothing.

    Mã thoát / exit code: 0 đọc được/readable; 2 có vấn đề/problems.
    """
    with command(as_json):
        row = sources.find(name)
        model.Session.commit()
        found = source_check.check(row, lang())
        if as_json:
            print_json(found)
        else:
            click.echo(found["message"])
            for record in found["records"]:
                click.echo(f"  {record['record']}: {record['title']}")
        for error in found["errors"]:
            click.secho(f"{error['message']} [{error['code']}]", err=True, fg="red")
            click.echo(f"  {error['hint']}", err=True)
        leave(0 if found["ok"] else FAILED)


@source.command("upload")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, exists=True))
@json_option
def upload(name: str, file: str, as_json: bool) -> None:
    """Tải FILE lên cho nguồn NAME loại upload; sau đó: harvest plan NAME.

    Uploads a workbook or CSV file for a source of type upload; then: harvest plan NAME.
    """
    with command(as_json):
        row = sources.find(name)
        with Path(file).open("rb") as stream:
            uploads.keep(row, Path(file).name, stream, "cli")
        model.Session.commit()
        kept = uploads.facts(row.id)
        if as_json:
            print_json({"source": row.name, "file": kept})
        else:
            say("uploaded", name=row.name, file=Path(file).name)


@source.command("probe")
@click.argument("url")
@click.option("--allow", multiple=True, metavar="HOST:PORT|DIR")
@json_option
def probe(url: str, allow: tuple[str, ...], as_json: bool) -> None:
    """Nhận dạng loại nguồn ở địa chỉ URL; không ghi gì vào Cổng.

    Says what type of source is at URL; writes nothing. Without --allow only URL itself is reached.

    Mã thoát / exit code: 0 nhận ra/recognised; 2 không nhận ra/not.
    """
    with command(as_json):
        grants = source_settings.checked_grants(list(allow)) or [own_grant(url)]
        found = source_probe.probe(url, [grant for grant in grants if grant], lang())
        if as_json:
            print_json(found)
        else:
            click.echo(found["message"])
            for match in found["matches"]:
                count = "" if match["datasets"] is None else f" ({match['datasets']})"
                click.echo(f"  {match['type']:<14} {match['title']}{count}")
        for error in found["errors"]:
            click.secho(f"{error['message']} [{error['code']}]", err=True, fg="red")
            click.echo(f"  {error['hint']}", err=True)
        leave(0 if found["matches"] else FAILED)


@source.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Không hỏi lại / do not ask.")
@click.option(
    "--withdraw",
    is_flag=True,
    help="Gỡ luôn các bộ dữ liệu của nguồn / withdraw the source's datasets, too.",
)
@json_option
def remove(name: str, yes: bool, withdraw: bool, as_json: bool) -> None:
    """Xóa nguồn NAME; các bộ dữ liệu vẫn còn trên Cổng, trừ khi có --withdraw.

    Removes a source. Its datasets stay unless --withdraw is given. A source added again under the
    same name recognises its datasets.
    """
    with command(as_json):
        row = sources.find(name)
        datasets = sources.dataset_count(row.id)
        if not yes:
            _confirm("confirm_withdraw" if withdraw else "confirm_remove", name, datasets)
        run_id = registration.unregister(row, "cli", withdraw=withdraw)
        model.Session.commit()
        report = follow(run_id) if run_id else None
        if as_json:
            print_json({"removed": row.name, "run": report})
        else:
            key = "source_withdrawn" if withdraw else "source_removed"
            say(key, name=row.name, datasets=datasets)
        leave(exit_code(report) if report else 0)


def _confirm(key: str, name: str, datasets: int) -> None:
    question = word(key, lang(), name=name, datasets=datasets)
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} --yes")
    click.confirm(question, abort=True, err=True)
