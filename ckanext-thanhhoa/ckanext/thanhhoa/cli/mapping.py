"""`thanhhoa mapping …`: which field of a source becomes which field of the portal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from ckan import model
from ckanext.thanhhoa import sources
from ckanext.thanhhoa.cli.command import FAILED, command, json_option, lang, leave, print_json
from ckanext.thanhhoa.cli.source import read_file
from ckanext.thanhhoa.mapping_trial import ROWS, try_mapping
from ckanext.thanhhoa.words import word

#: Characters of a value.
WIDTH = 70


@click.group(short_help="Ánh xạ trường dữ liệu / mapping of fields.")
def mapping() -> None:
    """Ánh xạ: trường nào của nguồn ứng với trường nào của Cổng. / Source field → portal field."""


@mapping.command("test")
@click.argument("name")
@click.option(
    "--rows",
    type=click.IntRange(1, ROWS),
    default=ROWS,
    show_default=True,
    help="Số bản ghi đọc thử / records to read.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False),
    metavar="FILE.yaml",
    help="Thử phần mapping và read trong tệp này, không lưu / tries its mapping and read, unsaved.",
)
@json_option
def test(name: str, rows: int, config_file: str | None, as_json: bool) -> None:
    """Đọc thử vài bản ghi của nguồn NAME: giá trị ở nguồn và kết quả; không ghi gì vào Cổng.

    Reads a few records of a source: its value beside the result for each field. Writes nothing.

    \b
    Ví dụ / examples:
      mapping test so-y-te
      mapping test so-y-te --config thu-nghiem.yaml --rows 2

    Mã thoát / exit code: 0 mọi bản ghi đều đạt/every record is good; 2 có vấn đề/problems.
    """
    with command(as_json):
        row = sources.find(name)
        config = read_file(config_file)
        model.Session.commit()
        found = try_mapping(row, config, rows, lang())
        if as_json:
            print_json(found)
        else:
            for line in _lines(found):
                click.echo(line)
        for error in found["errors"]:
            click.secho(f"{error['message']} [{error['code']}]", err=True, fg="red")
            click.echo(f"  {error['hint']}", err=True)
        leave(0 if found["ok"] else FAILED)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield found["message"]
    for record in found["records"]:
        skipped = "" if record["wanted"] else " " + word("trial_skipped", lang())
        yield ""
        yield f"{record['record']}{skipped}"
        yield from _fields(record["fields"], "  ")
        for number, fields in enumerate(record["resources"], 1):
            total = record["resources_total"]
            yield "  " + word("trial_resource", lang(), number=number, total=total)
            yield from _fields(fields, "    ")
        yield from _problems(record["problems"], "  ")


def _fields(fields: list[dict[str, Any]], indent: str) -> Iterator[str]:
    for field in fields:
        told = "; ".join(f"{path} = {_short(value)}" for path, value in field["source"].items())
        yield f"{indent}{field['field']}: {told or '·'}  →  {_short(field['result'])}"
        yield from _problems(field["problems"], indent + "  ")


def _problems(problems: list[dict[str, Any]], indent: str) -> Iterator[str]:
    for problem in problems:
        yield f"{indent}! {problem['message']} [{problem['code']}]"


def _short(value: Any) -> str:
    if value is None:
        return "—"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
