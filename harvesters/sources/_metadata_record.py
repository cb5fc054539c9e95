"""One metadata record of a catalogue, in whichever schema it is written. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from harvesters.errors import HarvestError, Problem
from harvesters.model import Failure, Record
from harvesters.sources import _csw_record as dublin_core
from harvesters.sources import _iso19115 as iso
from harvesters.tables.xml_document import local

#: What is a dataset in a catalogue; a record that does not say what it is counts as one.
LEVELS = ("dataset", "series", "nonGeographicDataset", "service")
_NUMBERED = re.compile(r"ri_\d+")
#: Changes when this reading changes, so that records are read again.
_READER = "1"


def identifier(root: Element) -> str:
    """The record's identifier; "" when it has none or is of no known schema."""
    if iso.is_iso(root):
        return iso.identifier_of(root)
    return dublin_core.identifier_of(root) if dublin_core.is_dublin_core(root) else ""


def is_wanted(root: Element, levels: Collection[str]) -> bool:
    """Whether the record describes one of the kinds wanted; none named means all.

    A kind may be an address (``…/dcmitype/Dataset``); a number of Canada's list says nothing.
    """
    said = iso.level_of(root) if iso.is_iso(root) else dublin_core.level_of(root)
    kind = said.rstrip("/").rpartition("/")[2].casefold()
    if not kind or _NUMBERED.fullmatch(kind):
        kind = "dataset"
    return not levels or kind in {level.casefold() for level in levels}


def is_record(root: Element) -> bool:
    """Whether an element is a metadata record of a known schema."""
    return iso.is_iso(root) or dublin_core.is_dublin_core(root)


def mark_of(root: Element) -> str:
    """A digest of the record as it stands: no date in it tells every change."""
    root.tail = None  # the blanks between this record and the next
    return f"{_READER}:{hashlib.sha256(ElementTree.tostring(root)).hexdigest()[:32]}"


def to_record(root: Element, remote_id: str, where: str, mark: str) -> Record | Failure:
    """The record as ours, or why it could not be read."""
    try:
        if iso.is_iso(root):
            return iso.to_record(root, remote_id, where, mark)
        if dublin_core.is_dublin_core(root):
            return dublin_core.to_record(root, remote_id, where, mark)
        raise HarvestError("unexpected_answer", where=where, detail=local(root.tag))
    except HarvestError as error:
        return Failure(error.problem.of(remote_id))


def nameless(root: Element, where: str) -> Failure:
    """The failure of a record without an identifier."""
    detail = "identifier" if is_record(root) else local(root.tag)
    return Failure(Problem("unexpected_answer", where, None, {"detail": detail}))
