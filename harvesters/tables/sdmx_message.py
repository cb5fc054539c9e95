"""An SDMX message of any format: told apart by its beginning, then read. Pure."""

from __future__ import annotations

from typing import Literal

from harvesters.errors import HarvestError
from harvesters.fetch.response import Response
from harvesters.tables import sdmx_csv, sdmx_json, sdmx_xml
from harvesters.tables.cube import MAX_CELLS
from harvesters.tables.sdmx import Kind, Message, Ref, Structures
from harvesters.tables.sdmx_structure import is_structure, read_structures
from harvesters.tables.sdmx_table import kinds_of
from harvesters.tables.xml_document import parse_xml

_STRUCTURE_ROOTS = ("Structure", "RegistryInterface")


def kind(answer: Response) -> Literal["data", "structure", ""]:
    """What a body is; "" when it is no SDMX. A body of JSON is parsed for it."""
    content = answer.content
    if answer.is_html:
        return ""
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        if sdmx_xml.is_data(content):
            return "data"
        return "structure" if sdmx_xml.root_of(content) in _STRUCTURE_ROOTS else ""
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
        return "data" if sdmx_json.is_json(answer.json(exact=True)) else ""
    return "data" if sdmx_csv.is_csv(content[:400].decode("utf-8", "replace")) else ""


def structures(answer: Response) -> Structures:
    """The structures in a message. Raises `unexpected_answer` when it is none, and as XML does."""
    root = parse_xml(answer)
    if not is_structure(root):
        raise HarvestError("unexpected_answer", where=answer.url, detail="SDMX Structure")
    return read_structures(root)


def data(
    answer: Response, known: Structures, flow: Ref | None = None, most: int = MAX_CELLS
) -> Message:
    """A data message, read with the structures known so far, of the flow that was asked for.

    `most`: cells of one data set. Raises `html_instead_of_data`, `no_table` for what is no
    data message, and as the readers do.
    """
    if answer.is_html:
        raise HarvestError("html_instead_of_data", where=answer.url)
    if not answer.content.strip(b"\xef\xbb\xbf \r\n\t\x00"):
        raise HarvestError("truncated", where=answer.url, at=0)
    if kind(answer) != "data":
        return _no_data(answer)
    start = answer.content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    if start == b"<":
        return sdmx_xml.read_xml(answer, lambda ref: _kinds(ref, known), flow, most)
    if start == b"{":
        return sdmx_json.read_json(answer.json(exact=True), answer.url, most)
    return sdmx_csv.read_csv(answer.text(), answer.url, most)


def _kinds(ref: Ref | None, known: Structures) -> dict[str, Kind]:
    flow = known.flow(ref)
    found = known.definition(flow.structure) if flow else None
    return kinds_of(found or known.definition(ref))


def _no_data(answer: Response) -> Message:
    """Says why: an error message of SDMX, an XML that is broken, or something else."""
    if answer.content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        raise sdmx_xml.error_of(answer)
    raise HarvestError("no_table", where=answer.url)
