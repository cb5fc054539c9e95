"""A workbook or CSV file that a person uploads on the source's page: a source without a server.

The file is read like one of the source type `files`. Its records are called by a name that stays
the same whatever the file is called, so that a file uploaded in place of another changes the
dataset and makes no new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harvesters.fetch import Fetch
from harvesters.fetch.uploads import URL, is_upload
from harvesters.model import End, Failure, Item, Probe, SourceType
from harvesters.sources import files
from harvesters.sources._description import SUFFIXES as YAML_SUFFIXES
from harvesters.sources._description import Descriptions, combine, plain
from harvesters.sources._workbook_file import Settings as FileSettings
from harvesters.sources._workbook_file import WorkbookFile
from harvesters.tables.workbook import SUFFIXES

#: What the dataset of the file is called, and those of its tables begin with.
KEY = "tep"


@dataclass(frozen=True)
class Settings:
    """`url` is ``upload://``. `dataset_per` is ``workbook`` or ``table``; `fields` are dataset
    fields in the portal's words; `source_system` is the name shown as the data's origin. What was
    said with the file (sheets, header rows, decimal mark …) counts before these.
    """

    url: str = URL
    dataset_per: str = "workbook"
    fields: Mapping[str, Any] = field(default_factory=dict)
    source_system: str = ""


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """The file's dataset, or one for each of its tables. Raises `no_upload` without a file."""
    common = FileSettings(
        settings.url,
        dataset_per=settings.dataset_per,
        fields=settings.fields,
        source_system=settings.source_system,
    )
    files.check(common)
    entries = fetch.entries(settings.url, (*SUFFIXES, *YAML_SUFFIXES))
    descriptions = Descriptions(fetch, entries, files.general(common))
    file = WorkbookFile(common, fetch, entries[0], descriptions, KEY)
    items = file.items(since)
    yield from items
    failed = next((item for item in items if isinstance(item, Failure)), None)
    if failed is not None and file.per_table:
        yield End(False, None, failed.problem)
    else:
        yield End(True, len(items))


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Only the portal's own address of uploaded files."""
    if not is_upload(url):
        return None
    return Probe(fetch.entries(url, SUFFIXES)[0].path, 1)


def check_hints(hints: Mapping[str, Any]) -> dict[str, Any]:
    """What a person says of a file, as plain values without empty ones.

    Keys are those of a YAML beside a file. Raises `unknown_setting`, `bad_setting`.
    """
    said = {key: value for key, value in hints.items() if value not in ("", None, [], {})}
    combine([("", said)])
    return {key: plain(value) for key, value in said.items()}


SOURCE = SourceType(
    type="upload",
    title={"vi": "Tệp tải lên Cổng", "en": "A file uploaded to the portal"},
    settings=Settings,
    read=read,
    probe=probe,
)
