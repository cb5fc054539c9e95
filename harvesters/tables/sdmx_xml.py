"""Data messages of SDMX-ML 2.0, 2.1 and 3.0, generic and structure-specific, streamed. Pure.

Expat builds no tree, follows no reference to outside, and here refuses every DOCTYPE; what is kept
is the observations alone. The structure-specific form writes dimensions and attributes alike, as
XML attributes: which is which is told by the data structure definition where one is at hand, else
by the names that the guidelines of SDMX give to attributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from harvesters.errors import HarvestError
from harvesters.fetch.response import Response
from harvesters.tables.cube import MAX_CELLS
from harvesters.tables.sdmx import DataSet, Kind, Message, Ref, Rows, ref_of_urn
from harvesters.tables.xml_document import MAX_DEPTH
from schemas.text import nfc

#: Components that the cross-domain guidelines (and the offices read so far) use as attributes.
_ATTRIBUTES = re.compile(
    r"UNIT(_.*|)|.*_STATUS|.*STATUS_.*|DECIMALS|BASE_PER|TIME_FORMAT|TITLE.*|COMMENT.*|COLLECTION.*"
    r"|SOURCE_.*|TIME_PER_COLLECT|IDBANK|LAST_UPDATE|PRE_BREAK_VALUE|OBS_(?!VALUE$).*|CONF.*|.*_NOTE"
    r"|.*FOOTNOTE.*|EMBARGO.*|COMPILATION|COVERAGE|DISS_ORG|PUBL_.*|NOTE.*|TIME_PERIOD_.*"
)
_ROOTS = {
    "GenericData", "GenericTimeSeriesData", "StructureSpecificData", "CompactData",
    "StructureSpecificTimeSeriesData",
}  # fmt: skip
_ASYNC = re.compile(r"https?://[^\s\"<>]+")
_CUT = (3, 5, 6, 20)  # no element found, unclosed token, partial character, unclosed CDATA
#: XML attributes of a data set that say how it was sent, not what is observed.
_ENVELOPE = {
    "structureRef", "action", "validFromDate", "validToDate", "setID", "publicationYear",
    "dataScope",
    "reportingBeginDate", "reportingEndDate", "publicationPeriod", "keyFamilyURI", "datasetID",
    "keyFamilyRef", "dataProviderID", "dataProviderSchemeID", "dataflowID", "dataflowAgencyID",
    "reportingYearStartDay", "structureID",
}  # fmt: skip


def root_of(content: bytes) -> str:
    """The local name of the root element; "" when the beginning is no XML."""
    head = re.sub(rb"<\?.*?\?>|<!--.*?-->", b"", content[:8192].lstrip(b"\xef\xbb\xbf"), flags=re.S)
    found = re.match(rb"\s*<(?:[\w.-]+:)?([\w.-]+)[\s/>]", head)
    return found[1].decode("ascii", "replace") if found else ""


def is_data(content: bytes) -> bool:
    """Whether a body is a data message."""
    return root_of(content) in _ROOTS


@dataclass
class _Set:
    """A data set while it is being read."""

    ref: Ref | None
    rows: Rows
    attributes: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    groups: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)


@dataclass
class _Header:
    """What the header says of each structure, and of the message."""

    prepared: str = ""
    source: str = ""
    sender: dict[str, str] = field(default_factory=dict)
    refs: dict[str, Ref] = field(default_factory=dict)
    at_observation: dict[str, str] = field(default_factory=dict)


#: For a structure: what its components are, as far as its definition is known.
KindsOf = Callable[[Ref | None], Mapping[str, Kind]]


def read_xml(
    answer: Response, kinds_of: KindsOf, flow: Ref | None = None, most: int = MAX_CELLS
) -> Message:
    """The data sets of a message; `flow` is what they are of where the header does not say.

    Raises `truncated`, `not_xml` (also for a DTD), `too_deep`, `too_large`; `api_error` with the
    server's own sentence when the message has no data but a footer that says why, and `too_large`
    when that footer has code 413 or 510 (the answer would be too big, or is being prepared).
    """
    reader = _Reader(answer.url, kinds_of, flow, most)
    reader.parse(answer.content)
    if reader.footer and not any(one.rows.columns for one in reader.sets):
        raise _footer_error(reader.footer, answer.url)
    datasets = tuple(_finished(one) for one in reader.sets)
    header = reader.header
    return Message(datasets, "SDMX-ML", header.prepared, header.sender, header.source)


def error_of(answer: Response) -> HarvestError:
    """Why an XML document is no data: it is an SDMX error message, is broken, or something else."""
    reader = _Reader(answer.url, lambda ref: {})
    reader.parse(answer.content)
    if root_of(answer.content) == "Error":
        return _footer_error(reader.footer or [("", "SDMX Error")], answer.url)
    return HarvestError("no_table", where=answer.url)


def _finished(one: _Set) -> DataSet:
    for key, values in one.groups:
        one.rows.fill(key, values)
        one.kinds.update({name: "attribute" for name in values if name not in one.kinds})
    columns = one.rows.columns
    kinds = {name: one.kinds.get(name, "attribute") for name in columns}
    return DataSet(one.ref, columns, one.rows.rows(), kinds, one.attributes)


def _footer_error(footer: list[tuple[str, str]], where: str) -> HarvestError:
    code, said = footer[0]
    if code in ("413", "510"):
        limit, limit_en = "một lần trả lời của máy chủ", "one answer of the server"
        return HarvestError("too_large", where=where, limit=limit, limit_en=limit_en)
    return HarvestError("api_error", where=where, detail=f"{code} {_ASYNC.sub('…', said)}"[:200])


class _Reader:
    """The callbacks of expat. `path` are the local names of the open elements."""

    def __init__(
        self, where: str, kinds_of: KindsOf, flow: Ref | None = None, most: int = MAX_CELLS
    ):
        self.where = where
        self.most = most
        self.flow = flow
        self.kinds_of = kinds_of
        self.header = _Header()
        self.sets: list[_Set] = []
        self.footer: list[tuple[str, str]] = []
        self.path: list[str] = []
        self.text: list[str] = []
        self.language = ""
        self.known: Mapping[str, Kind] = {}
        self.time = "TIME_PERIOD"
        self.structure = ""
        self.series: dict[str, str] = {}
        self.observation: dict[str, str] = {}
        self.group: dict[str, str] = {}
        self.group_key: dict[str, str] = {}
        self.component = ""

    def parse(self, content: bytes) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self.refuse
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text.append
        body = content if content[:2] in (b"\xff\xfe", b"\xfe\xff") else content.strip(b"\x00 \r\n")
        try:
            parser.Parse(body, True)
        except expat.ExpatError as error:
            if error.code in _CUT:
                raise HarvestError("truncated", where=self.where, at=len(content)) from error
            raise HarvestError("not_xml", where=self.where, line=error.lineno) from error
        except (ValueError, LookupError) as error:
            raise HarvestError("unknown_encoding", where=self.where, at=0) from error

    def refuse(self, *_: object) -> None:
        raise HarvestError("not_xml", where=self.where, line=1)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self.path.append(name)
        if len(self.path) > MAX_DEPTH:
            raise HarvestError("too_deep", where=self.where)
        self.text.clear()
        self.language = attributes.get("xml:lang", "")
        handlers = _HEAD if not self.sets or name == "DataSet" else _BODY
        handler = handlers.get(name)
        if handler is not None:
            handler(self, attributes)

    def end(self, tag: str) -> None:
        name = self.path.pop()
        handler = _END.get(name)
        if handler is not None:
            handler(self, "".join(self.text).strip())
        self.text.clear()

    # The header

    def structure_of_header(self, attributes: dict[str, str]) -> None:
        if self.path[-2:-1] == ["Header"]:
            self.structure = attributes.get("structureID", "")
            told = attributes.get("dimensionAtObservation", "")
            self.header.at_observation[self.structure] = told

    def ref_of_header(self, attributes: dict[str, str]) -> None:
        version = attributes.get("version", "")
        ref = Ref(attributes.get("agencyID", ""), attributes.get("id", ""), version)
        if "Header" in self.path and ref.id:
            self.header.refs[self.structure] = ref

    def urn_of_header(self, text: str) -> None:
        ref = ref_of_urn(text)
        if "Header" in self.path and self.structure and ref:
            self.header.refs.setdefault(self.structure, ref)

    def family(self, text: str) -> None:
        """2.0: the generic form names its structure inside the header or the data set."""
        ref = Ref("", text) if text else None
        if self.sets and self.sets[-1].ref is None:
            self.sets[-1].ref = ref
            self.known = self.kinds_of(ref)
        elif ref and "Header" in self.path:
            self.header.refs.setdefault("", ref)

    def prepared(self, text: str) -> None:
        self.header.prepared = self.header.prepared or text

    def source(self, text: str) -> None:
        if self.path[-1:] == ["Header"]:
            self.header.source = nfc(text)

    def sender(self, text: str) -> None:
        if self.path[-1:] == ["Sender"]:
            self.header.sender.setdefault(self.language, nfc(text))

    # The footer

    def footer_message(self, attributes: dict[str, str]) -> None:
        if "Footer" in self.path or self.path[0] == "Error":
            self.footer.append((attributes.get("code", ""), ""))

    def footer_text(self, text: str) -> None:
        if self.footer and not self.footer[-1][1]:
            self.footer[-1] = (self.footer[-1][0], text)

    # Data

    def data_set(self, attributes: dict[str, str]) -> None:
        plain = {name.rpartition(":")[2]: value for name, value in attributes.items()}
        structure = plain.get("structureRef", "")
        ref = self.header.refs.get(structure)
        if ref is None and len(self.header.refs) == 1:
            ref = next(iter(self.header.refs.values()))
        ref = ref or self.flow
        self.known = self.kinds_of(ref)
        told = self.header.at_observation.get(structure, "")
        self.time = told if told not in ("", "AllDimensions") else "TIME_PERIOD"
        one = _Set(ref, Rows(self.where, self.most))
        one.attributes.update(
            (n, v) for n, v in attributes.items() if ":" not in n and n not in _ENVELOPE
        )
        self.sets.append(one)

    def series_start(self, attributes: dict[str, str]) -> None:
        self.series = {n: v for n, v in attributes.items() if ":" not in n}
        for name in self.series:
            self.tell(name, self.kind(name, False))

    def obs_start(self, attributes: dict[str, str]) -> None:
        self.observation = {n: v for n, v in attributes.items() if ":" not in n}
        flat = not self.series
        for name in self.observation:
            self.tell(name, self.kind(name, not flat))

    def group_start(self, attributes: dict[str, str]) -> None:
        self.group, self.group_key = {}, {}
        for name, value in attributes.items():
            if ":" not in name and name != "type":
                dimension = self.kind(name, False) in ("dimension", "time")
                (self.group_key if dimension else self.group)[name] = value

    def value(self, attributes: dict[str, str]) -> None:
        """A value of the generic form; what it is of is told by the element around it."""
        around = self.path[-2] if len(self.path) > 1 else ""
        name = attributes.get("id") or attributes.get("concept") or ""
        value = attributes.get("value", "")
        if around in ("SeriesKey", "ObsKey"):
            kind = self.known.get(name) or ("time" if name == "TIME_PERIOD" else "dimension")
            self.tell(name, kind)
            (self.series if around == "SeriesKey" else self.observation)[name] = value
        elif around == "GroupKey":
            self.group_key[name] = value
        elif around in ("Attributes", "Atts"):
            self.attribute(name, value)

    def attribute(self, name: str, value: str) -> None:
        owner = self.path[-3] if len(self.path) > 2 else ""
        if owner == "Group":
            self.group[name] = value
        elif owner == "DataSet":
            self.sets[-1].attributes[name] = value
        else:
            self.tell(name, "attribute")
            (self.observation if owner == "Obs" else self.series)[name] = value

    def obs_dimension(self, attributes: dict[str, str]) -> None:
        name = attributes.get("id") or self.time
        self.tell(name, "time" if name == "TIME_PERIOD" else self.known.get(name, "dimension"))
        self.observation[name] = attributes.get("value", "")

    def obs_value(self, attributes: dict[str, str]) -> None:
        name = attributes.get("id") or "OBS_VALUE"
        self.tell(name, "measure")
        self.observation[name] = attributes.get("value", "")

    def obs_time(self, text: str) -> None:
        if self.path[-1:] == ["Obs"]:
            self.tell("TIME_PERIOD", "time")
            self.observation["TIME_PERIOD"] = text

    def component_start(self, attributes: dict[str, str]) -> None:
        self.component = attributes.get("id", "")

    def component_value(self, text: str) -> None:
        """3.0: a value that is several, or too long for an XML attribute."""
        if self.path[-1:] == ["Comp"] and self.component and text:
            owner = self.path[-2] if len(self.path) > 1 else ""
            target = self.observation if owner == "Obs" else self.series
            before = target.get(self.component)
            target[self.component] = f"{before}; {text}" if before else text
            self.tell(self.component, self.kind(self.component, True))

    def obs_end(self, _: str) -> None:
        one = self.sets[-1]
        if self.observation:
            one.rows.add(self.series, self.observation)
        self.observation = {}

    def series_end(self, _: str) -> None:
        self.series = {}

    def group_end(self, _: str) -> None:
        if self.group:
            self.sets[-1].groups.append((self.group_key, self.group))

    def kind(self, name: str, of_observation: bool) -> Kind:
        """What an XML attribute of the structure-specific form is."""
        if name in self.known:
            return self.known[name]
        if name == "OBS_VALUE":
            return "measure"
        if name in ("TIME_PERIOD", "TIME"):
            return "time"
        if name == self.time:
            return "dimension"
        guessed = of_observation or bool(self.known) or bool(_ATTRIBUTES.fullmatch(name))
        return "attribute" if guessed else "dimension"

    def tell(self, name: str, kind: Kind) -> None:
        self.sets[-1].kinds.setdefault(name, kind)


_Start = Callable[[_Reader, dict[str, str]], None]
_HEAD: Mapping[str, _Start] = {
    "DataSet": _Reader.data_set,
    "Structure": _Reader.structure_of_header,
    "Ref": _Reader.ref_of_header,
    "Message": _Reader.footer_message,
    "ErrorMessage": _Reader.footer_message,
}
_BODY: Mapping[str, _Start] = {
    "Series": _Reader.series_start,
    "Obs": _Reader.obs_start,
    "Group": _Reader.group_start,
    "SiblingGroup": _Reader.group_start,
    "Value": _Reader.value,
    "ObsDimension": _Reader.obs_dimension,
    "ObsValue": _Reader.obs_value,
    "Comp": _Reader.component_start,
    "Message": _Reader.footer_message,
}
_END: Mapping[str, Callable[[_Reader, str], None]] = {
    "Prepared": _Reader.prepared,
    "Source": _Reader.source,
    "Name": _Reader.sender,
    "URN": _Reader.urn_of_header,
    "Structure": _Reader.urn_of_header,
    "StructureUsage": _Reader.urn_of_header,
    "ProvisionAgreement": _Reader.urn_of_header,
    "KeyFamilyRef": _Reader.family,
    "Text": _Reader.footer_text,
    "Time": _Reader.obs_time,
    "Value": _Reader.component_value,
    "Obs": _Reader.obs_end,
    "Series": _Reader.series_end,
    "Group": _Reader.group_end,
    "SiblingGroup": _Reader.group_end,
}
