"""Addresses of SDMX's REST interface, of version 1 (SDMX 2.1) and version 2 (SDMX 3.0). Pure.

A selection is a map from dimension to codes; a dimension that is not in it is not restricted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

from harvesters.tables.sdmx import Definition, Flow, Ref

Api = Literal["2.1", "3.0"]
Selection = Mapping[str, tuple[str, ...]]

STRUCTURE = {
    "2.1": "application/vnd.sdmx.structure+xml;version=2.1, application/xml;q=0.5, */*;q=0.1",
    "3.0": "application/vnd.sdmx.structure+xml;version=3.0.0, application/xml;q=0.5, */*;q=0.1",
}
DATA = {
    "2.1": "application/vnd.sdmx.structurespecificdata+xml;version=2.1, "
    "application/vnd.sdmx.genericdata+xml;version=2.1;q=0.9, application/xml;q=0.8, "
    "application/vnd.sdmx.data+csv;q=0.5, application/vnd.sdmx.data+json;q=0.4, */*;q=0.1",
    "3.0": "application/vnd.sdmx.data+xml;version=3.0.0, application/vnd.sdmx.data+csv;"
    "version=2.0.0;q=0.8, application/vnd.sdmx.data+json;version=2.0.0;q=0.6, */*;q=0.1",
}
_LISTING = re.compile(r"(?P<base>https?://.+?)/(?:structure/)?dataflow(?:/.*)?$")


@dataclass(frozen=True)
class Wanted:
    """What is asked of every flow: how far back, and how many observations of each series."""

    start: str = ""
    last: int = 0


def base_of(url: str) -> str:
    """The service's own address, when the URL is that of its list of flows; else the URL."""
    plain = url.split("?")[0].rstrip("/")
    found = _LISTING.match(plain)
    return found["base"] if found else plain


def flows_url(base: str, api: Api, agency: str) -> str:
    """All dataflows of an agency, or (``all``) of all of them, in their latest version."""
    if api == "3.0":
        owner = "*" if agency in ("", "all") else quote(agency)
        return f"{base}/structure/dataflow/{owner}/*/~"
    return f"{base}/dataflow/{quote(agency or 'all')}/all/latest"


def structure_url(base: str, api: Api, ref: Ref) -> str:
    """A structure with the codelists and concepts that it uses."""
    if api == "3.0":
        path = f"structure/datastructure/{_path(ref.agency)}/{_path(ref.id)}/{ref.version or '~'}"
        return f"{base}/{path}?references=descendants"
    path = f"datastructure/{_path(ref.agency)}/{_path(ref.id)}/{ref.version or 'latest'}"
    return f"{base}/{path}?references=children"


def availability_url(
    base: str, api: Api, flow: Flow, definition: Definition | None, selection: Selection
) -> str:
    """What is there of a flow, by dimension."""
    if api == "3.0":
        filters = _filters(selection, Wanted())
        path = f"{base}/availability/dataflow/{_slashed(flow.ref)}/*/*"
        return f"{path}?{urlencode(filters)}" if filters else path
    return f"{base}/availableconstraint/{_commas(flow.ref)}/{_key(definition, selection)}/all/all"


def data_url(
    base: str,
    api: Api,
    flow: Flow,
    definition: Definition | None,
    selection: Selection,
    wanted: Wanted,
) -> str:
    """The data of a flow, restricted to a selection."""
    if api == "3.0":
        pairs = _filters(selection, wanted)
        if wanted.last:
            pairs.append(("lastNObservations", str(wanted.last)))
        path = f"{base}/data/dataflow/{_slashed(flow.ref)}/*"
    else:
        pairs = [("startPeriod", wanted.start)] if wanted.start else []
        if wanted.last:
            pairs.append(("lastNObservations", str(wanted.last)))
        path = f"{base}/data/{_commas(flow.ref)}/{_key(definition, selection)}"
    return f"{path}?{urlencode(pairs, safe=':+,')}" if pairs else path


def _filters(selection: Selection, wanted: Wanted) -> list[tuple[str, str]]:
    pairs = [(f"c[{name}]", ",".join(codes)) for name, codes in selection.items()]
    return pairs + ([("c[TIME_PERIOD]", f"ge:{wanted.start}")] if wanted.start else [])


def _path(part: str) -> str:
    return quote(part, safe="")


def _slashed(ref: Ref) -> str:
    return f"{_path(ref.agency)}/{_path(ref.id)}/{ref.version or '~'}"


def _commas(ref: Ref) -> str:
    return ",".join(_path(part) for part in (ref.agency, ref.id, ref.version) if part)


def _key(definition: Definition | None, selection: Selection) -> str:
    """``A+Q.VN..`` in the order of the structure's dimensions, or ``all``."""
    if definition is None or not selection:
        return "all"
    parts = ("+".join(map(_path, selection.get(c.id, ()))) for c in definition.of("dimension"))
    return ".".join(parts)


def split(
    selection: Selection, codes: Mapping[str, Sequence[str]], order: Sequence[str]
) -> list[Selection]:
    """The selection in two halves along the dimension with the most codes; [] when it has none.

    `codes` are those that a dimension has where the selection does not say; `order` are the
    dimensions of the key.
    """
    open_codes = {name: tuple(selection.get(name) or codes.get(name) or ()) for name in order}
    longest = max(order, key=lambda name: len(open_codes[name]), default="")
    found = open_codes.get(longest, ())
    if len(found) < 2:
        return []
    half = (len(found) + 1) // 2
    return [{**selection, longest: found[:half]}, {**selection, longest: found[half:]}]


def selection_of(key: str, definition: Definition | None) -> Selection:
    """A key as the configuration writes it (``A.VN+TH..``) as a selection."""
    if definition is None or key in ("", "all"):
        return {}
    names = [c.id for c in definition.of("dimension")]
    parts = zip(names, key.split("."), strict=False)
    return {name: tuple(part.split("+")) for name, part in parts if part not in ("", "*")}
