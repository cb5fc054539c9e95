"""`ckan thanhhoa …`: sources, harvests, the search index, the worker."""

from __future__ import annotations

import click
from ckanext.thanhhoa.cli.harvest import harvest
from ckanext.thanhhoa.cli.index import index
from ckanext.thanhhoa.cli.mapping import mapping
from ckanext.thanhhoa.cli.source import source
from ckanext.thanhhoa.cli.worker import worker


@click.group(short_help="Cổng dữ liệu mở Thanh Hóa: nguồn, thu thập, chỉ mục, tiến trình.")
@click.option(
    "--lang",
    type=click.Choice(["vi", "en"]),
    default="vi",
    envvar="PORTAL_LANG",
    show_default=True,
    help="Ngôn ngữ của thông báo / language of messages.",
)
@click.pass_context
def thanhhoa(ctx: click.Context, lang: str) -> None:
    """Quản trị cổng dữ liệu mở Thanh Hóa.

    Administers the portal. A typical beginning:

    \b
      thanhhoa source types
      thanhhoa source add so-y-te --type ckan --url http://10.0.0.5:8080 \\
          --org so-y-te --allow 10.0.0.5:8080 --schedule daily
      thanhhoa source check so-y-te
      thanhhoa harvest plan so-y-te
      thanhhoa harvest run so-y-te

    Mã thoát / exit codes: 0 xong/done; 1 có bản ghi lỗi hoặc danh sách chưa đủ/some records failed
    or the listing was incomplete; 2 thất bại/failed; 3 chờ duyệt/held for approval.
    """
    ctx.meta["thanhhoa_lang"] = lang


thanhhoa.add_command(source)
thanhhoa.add_command(mapping)
thanhhoa.add_command(harvest)
thanhhoa.add_command(index)
thanhhoa.add_command(worker)


def get_commands() -> list[click.Command]:
    """For CKAN's IClick."""
    return [thanhhoa]
