"""What a record tells of cubes: the dataset's fields and the resources, in the portal's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from harvesters.errors import HarvestError, Problem
from harvesters.fetch.response import Response
from harvesters.model import File, RecordResource
from harvesters.tables.cube import (
    MAX_CELLS,
    Cube,
    clean,
    periods,
    plain_title,
    time_fields,
    with_roles,
)
from harvesters.tables.cube_table import to_table
from harvesters.tables.jsonstat import is_jsonstat, read_jsonstat
from harvesters.tables.period import coverage
from harvesters.tables.px import looks_like_px, read_px
from harvesters.tables.pxweb_json import is_json_data, read_json_data

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MEDIA = {"PX": "application/x-px", "JSON-stat": "application/json", "JSON": "application/json"}


@dataclass(frozen=True)
class CubeFile:
    """A file of statistics: its cubes, its format (PX, JSON-stat, JSON) and its encoding."""

    cubes: tuple[Cube, ...]
    format: str
    encoding: str = "utf-8"
    notes: tuple[Problem, ...] = ()


def read_cubes(answer: Response, where: str, language: str, cells: int = MAX_CELLS) -> CubeFile:
    """The cubes of a PX or JSON-stat file, or of an answer in PX-Web's own JSON.

    Raises what the readers raise, `too_large` beyond `cells`, and `no_table` for other JSON.
    """
    if looks_like_px(answer.content):
        px = read_px(answer.content, where, language, cells)
        return CubeFile((px.cube,), "PX", px.encoding, px.notes)
    data = answer.json(exact=True)
    if is_json_data(data):
        return CubeFile((read_json_data(data, PurePosixPath(where).stem, where),), "JSON")
    if not is_jsonstat(data):
        raise HarvestError("no_table", where=where)
    return CubeFile(tuple(read_jsonstat(data, where)), "JSON-stat")


def file_resource(
    name: str, kind: str, content: bytes, encoding: str = "", part: int = 0
) -> RecordResource:
    """The file as published; `part` counts from 1 where a table came in several answers."""
    title = f"Tệp gốc ({kind})" + (f", phần {part}" if part else "")
    fields = {"name": title, "format": kind}
    if encoding:
        fields["encoding"] = encoding
    file = File(name, _MEDIA[kind], content)
    return RecordResource(f"file:{part}" if part else "file", fields, file=file)


def table_resource(cube: Cube, where: str, cells: int = MAX_CELLS) -> RecordResource:
    """The typed table; its id holds the cube's key where a file has several cubes."""
    table = to_table(cube, where, cells)
    name = f"Bảng số liệu: {table.title}" if cube.key else "Bảng số liệu"
    fields: dict[str, Any] = {"name": name}
    units = {column.unit for column in table.columns if column.role == "measure"}
    if len(units) == 1 and "" not in units:
        fields["unit"] = units.pop()
    if span := coverage(periods(with_roles(cube))):
        fields["period"] = span[0] if span[0] == span[1] else "/".join(span)
    return RecordResource(f"table:{cube.key}" if cube.key else "table", fields, table=table)


def dataset_fields(cube: Cube, remote_id: str, fallback: str) -> dict[str, Any]:
    """The dataset's fields; what the source does not tell is left out.

    `fallback` is the title of a cube without one. The first line of a contact is its name.
    """
    cube = with_roles(cube)
    fields = {
        "title": plain_title(cube) or fallback,
        "title_en": cube.title_en or (plain_title(cube) if cube.language == "en" else ""),
        "notes": "\n\n".join(clean(note) for note in cube.notes),
        "modified": cube.updated[:10],
        "identifier": remote_id,
        "url": cube.link if is_web(cube.link) else "",
        "provenance": cube.source,
        "tags": [cube.subject] if cube.subject else [],
        "contact": _contact(cube.contact),
        **time_fields(cube),
    }
    return {key: value for key, value in fields.items() if value}


def is_web(url: str) -> bool:
    """Whether a location is an address of the web rather than a folder."""
    return url.lower().startswith(("http://", "https://"))


def _contact(text: str) -> list[dict[str, str]]:
    email = _EMAIL.search(text)
    name = clean(text.split(",")[0])
    if not email:
        return [{"name": name}] if name else []
    return [{"name": name if "@" not in name else "", "email": email[0]}]
