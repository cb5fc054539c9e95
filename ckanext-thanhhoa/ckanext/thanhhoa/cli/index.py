"""`thanhhoa index …`: does the search index say what the database says?"""

from __future__ import annotations

from dataclasses import asdict

import click
import pysolr
from ckanext.thanhhoa import rebuilding, reconciler, solr_targets
from ckanext.thanhhoa.cli.command import (
    FAILED,
    PARTLY,
    command,
    json_option,
    lang,
    leave,
    note,
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
@click.option(
    "--processes",
    type=click.IntRange(0, 64),
    default=0,
    help="Số tiến trình (mặc định: số lõi) / processes (default: cores).",
)
@click.option(
    "--anew", is_flag=True, help="Bỏ lần lập lại dở dang / throws an unfinished rebuild away."
)
@click.option(
    "--configset",
    default="",
    help="Bộ cấu hình Solr khác bộ mới nhất / a configset other than the newest.",
)
@click.option(
    "--if-outdated",
    is_flag=True,
    help="Chỉ khi Solr có bộ cấu hình mới hơn / only if Solr has a newer configset.",
)
@click.option(
    "--in-place",
    is_flag=True,
    help="Gửi lại vào chính chỉ mục đang dùng / sends into the index that is searched.",
)
@json_option
def rebuild(
    processes: int, anew: bool, configset: str, in_place: bool, if_outdated: bool, as_json: bool
) -> None:
    """Lập chỉ mục mới rồi thay chỉ mục đang dùng; tìm kiếm không gián đoạn.

    Builds a new index and puts it in place of the old one; searching goes on, changes are kept.
    What was broken off goes on where it was.

    Mã thoát / exit codes: 0 xong/done; 1 có bộ dữ liệu chưa lập được/some datasets have no
    document; 2 chưa xong, chạy lại để tiếp tục/not finished, run it again to go on.
    """
    with command(as_json):
        if in_place:
            _told(reconciler.rebuild(), as_json)
            return
        if if_outdated and not solr_targets.is_outdated():
            _told(0, as_json)
            return
        try:
            done = rebuilding.rebuild_beside(processes, configset, anew, _progress)
        except rebuilding.AlreadyRunning:
            _failed("rebuild_running", as_json)
        except rebuilding.Unfinished as error:
            _failed("rebuild_unfinished", as_json, left=error)
        except (solr_targets.CannotRebuild, pysolr.SolrError) as error:
            _failed("rebuild_refused", as_json, why=error)
        else:
            if as_json:
                print_json(asdict(done))
            else:
                key = "rebuild_done" if not done.refused else "rebuild_partly"
                say(key, total=done.indexed, refused=done.refused, seconds=round(done.seconds, 1))
            leave(PARTLY if done.refused else 0)


def _progress(done: int, total: int) -> None:
    note("rebuild_progress", done=done, total=total)


def _failed(key: str, as_json: bool, **values: object) -> None:
    if as_json:
        print_json({"errors": [{"code": key, "message": word(key, lang(), **values)}]})
    note(key, **values)
    leave(FAILED)


def _told(total: int, as_json: bool) -> None:
    if as_json:
        print_json({"indexed": total})
    else:
        say("index_mended", total=total)
