"""`thanhhoa index …`: does the search index say what the database says?"""

from __future__ import annotations

from dataclasses import asdict

import click
from ckanext.thanhhoa import reconciler
from ckanext.thanhhoa.cli.command import (
    PARTLY,
    command,
    json_option,
    lang,
    leave,
    print_json,
    say,
)
from ckanext.thanhhoa.words import word

#: Differences that are printed; `--json` has them all.
SHOWN = 50


@click.group(short_help="Chỉ mục tìm kiếm / search index.")
def index() -> None:
    """Chỉ mục tìm kiếm: đối chiếu với cơ sở dữ liệu, sửa, lập lại. / Check, mend, rebuild."""


@index.command("check")
@json_option
def check(as_json: bool) -> None:
    """Đối chiếu chỉ mục với cơ sở dữ liệu; không sửa gì. / Compares; mends nothing.

    Mã thoát / exit code: 0 khớp/same; 1 có khác biệt/differences.
    """
    with command(as_json):
        found = reconciler.check()
        if as_json:
            print_json({"total": len(found), "differences": [asdict(one) for one in found]})
        elif found:
            for one in found[:SHOWN]:
                click.echo(f"{one.dataset_id}  {word('kind_' + one.kind, lang())}")
            say("index_differs", total=len(found))
        else:
            say("index_same")
        leave(PARTLY if found else 0)


@index.command("reconcile")
@json_option
def reconcile(as_json: bool) -> None:
    """Sửa mọi khác biệt của chỉ mục. / Mends every difference."""
    with command(as_json):
        _told(reconciler.reconcile(), as_json)


@index.command("rebuild")
@json_option
def rebuild(as_json: bool) -> None:
    """Lập lại toàn bộ chỉ mục; trong lúc đó vẫn tìm kiếm được. / Indexes everything anew."""
    with command(as_json):
        _told(reconciler.rebuild(), as_json)


def _told(total: int, as_json: bool) -> None:
    if as_json:
        print_json({"indexed": total})
    else:
        say("index_mended", total=total)
