"""One walk through an SDMX REST service: its flows, their structures, their data in bearable parts.

The list of flows is one answer, so it is whole when it was read to its end. Structures are asked
for once in a run. A flow is asked for whole when the service does not say that it is too large;
when it says so (HTTP 413 or 510, or a footer with that code), or when the answer breaks our own
caps, the key is halved along its longest dimension until every part comes through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from harvesters.errors import HarvestError
from harvesters.fetch import Fetch, Response
from harvesters.model import Item, Unchanged, digest
from harvesters.sources._sdmx_record import FATAL, Settings, flow_record, mark_of
from harvesters.tables import sdmx_message
from harvesters.tables.sdmx import Availability, Definition, Flow, Message, Structures, joined
from harvesters.tables.sdmx_query import (
    DATA,
    STRUCTURE,
    Api,
    Selection,
    Wanted,
    availability_url,
    base_of,
    data_url,
    flows_url,
    selection_of,
    split,
    structure_url,
)

MAX_FLOWS = 20_000
#: Parts of one flow; a flow that needs more is not for reading whole.
MAX_PARTS = 400
_TOO_LARGE = re.compile(r"(?:HTTP )?(?:413|510)\b")
_NOT_THERE = re.compile(r"HTTP (?:400|404|405|406|410|501)\b")
_NONE = re.compile(r"(?:HTTP )?404\b|100 ")


class Service:
    """A service under the settings of one source."""

    def __init__(self, settings: Settings, fetch: Fetch, known: Structures):
        self.settings = settings
        self.fetch = fetch
        self.known = known
        self.base = base_of(settings.url)
        self.api: Api = "3.0" if _says_three(settings) else "2.1"
        self.says_available = True
        self.asked: set[object] = set()

    def flows(self, found: Structures | None) -> list[Flow]:
        """The flows listed at the source's address, or by the service behind it.

        Raises `api_error`, `not_xml` … of the first way tried, and `too_large`.
        """
        listed = found if found is not None and found.flows else self._listing()
        self.known.add(listed)
        if len(listed.flows) > MAX_FLOWS:
            limit, limit_en = f"{MAX_FLOWS} luồng dữ liệu", f"{MAX_FLOWS} dataflows"
            raise HarvestError("too_large", where=self.base, limit=limit, limit_en=limit_en)
        agency = self.settings.agency
        flows = [f for f in listed.flows.values() if agency in ("", "all", f.ref.agency)]
        return _latest(flows)

    def _listing(self) -> Structures:
        refused: HarvestError | None = None
        for api in (self.api,) if self.settings.api else _both(self.api):
            url = flows_url(self.base, api, self.settings.agency)
            try:
                answer = self.fetch.get(url, headers={"Accept": STRUCTURE[api]})
                listed = sdmx_message.structures(answer)
            except HarvestError as error:
                if error.code not in ("api_error", "html_instead_of_data", "not_xml", "truncated"):
                    raise
                refused = refused or error
                continue
            self.api = api
            return listed
        raise refused or HarvestError("api_error", where=self.base, detail="dataflow")

    def item(self, flow: Flow, name: str, held: str) -> Item:
        """The record of a flow, or that it is unchanged."""
        told = f"updated:{flow.updated}" if flow.updated else ""
        mark = mark_of(self.settings, told)
        if mark and mark == held:
            return Unchanged(name)
        definition = self._definition(flow)
        words = digest(repr(definition))
        asked: dict[str, str] = {}
        if not told and held and held == mark_of(self.settings, held.rpartition("/")[0], words):
            asked = _conditions(held.rpartition("/")[0])
        selection = selection_of(str(self._key(flow, name)), definition)
        parts = list(self._parts(flow, definition, selection, asked))
        if parts and parts[0] is None:
            return Unchanged(name)
        messages = [message for message, _ in filter(None, parts)]
        answers = [answer for _, answer in filter(None, parts)]
        whole = _joined(messages, flow)
        if not mark:
            validator = _validator(answers[0]) if len(answers) == 1 else ""
            content = digest([[d.columns, d.rows, dict(d.attributes)] for d in whole.datasets])
            mark = mark_of(self.settings, validator or f"sha256:{content}", words)
        if mark == held:
            return Unchanged(name)
        url = data_url(self.base, self.api, flow, definition, selection, self._wanted())
        return flow_record(self.settings, name, url, whole, self.known, mark)

    def _key(self, flow: Flow, name: str) -> object:
        return self.settings.keys.get(name) or self.settings.keys.get(flow.ref.id) or ""

    def _wanted(self) -> Wanted:
        return Wanted(self.settings.start_period, self.settings.last_n)

    def _definition(self, flow: Flow) -> Definition | None:
        """The flow's structure, asked for once in a run; without it only codes can be shown."""
        ref = flow.structure
        if ref is None:
            return None
        if ref not in self.asked and self.known.definition(ref) is None:
            self.asked.add(ref)
            url = structure_url(self.base, self.api, ref)
            try:
                answer = self.fetch.get(url, headers={"Accept": STRUCTURE[self.api]})
                self.known.add(sdmx_message.structures(answer))
            except HarvestError as error:
                detail = error.problem.params.get("detail", "")
                if error.code != "api_error" or not _NOT_THERE.match(detail):
                    # It may be there at the next flow; without it names would change to and fro.
                    self.asked.discard(ref)
                    raise
        return self.known.definition(ref)

    def _parts(
        self,
        flow: Flow,
        definition: Definition | None,
        selection: Selection,
        asked: Mapping[str, str],
    ) -> Iterator[tuple[Message, Response] | None]:
        """The parts of a flow, in order; None alone when the service says it is unchanged."""
        available = self._available(flow, definition, selection)
        waiting = [selection]
        if available and self._too_many(flow, available):
            waiting = self._halved(flow, definition, selection, available) or waiting
        done = 0
        while waiting:
            part = waiting.pop(0)
            done += 1
            if done + len(waiting) > MAX_PARTS:
                limit, limit_en = f"{MAX_PARTS} phần", f"{MAX_PARTS} parts"
                raise HarvestError("too_large", where=str(flow.ref), limit=limit, limit_en=limit_en)
            try:
                found = self._part(flow, definition, part, asked if part is selection else {})
            except HarvestError as error:
                if not _is_too_large(error):
                    raise
                halves = self._halved(flow, definition, part, available)
                if not halves:
                    raise
                waiting = halves + waiting
                continue
            yield found
            if found is None:
                return

    def _part(
        self,
        flow: Flow,
        definition: Definition | None,
        selection: Selection,
        asked: Mapping[str, str],
    ) -> tuple[Message, Response] | None:
        url = data_url(self.base, self.api, flow, definition, selection, self._wanted())
        try:
            answer = self.fetch.get(url, headers={"Accept": DATA[self.api], **asked})
        except HarvestError as error:
            if error.code == "api_error" and _NONE.match(error.problem.params.get("detail", "")):
                # SDMX answers a question without result with 404.
                return Message((), "SDMX-ML"), Response(url, b"")
            raise
        if answer.status == 304:
            return None
        return sdmx_message.data(answer, self.known, flow.ref, self.fetch.limits.max_cells), answer

    def _available(
        self, flow: Flow, definition: Definition | None, selection: Selection
    ) -> Availability | None:
        """What the service says is there; most services do not say, and are asked only once."""
        if not self.says_available:
            return None
        url = availability_url(self.base, self.api, flow, definition, selection)
        try:
            answer = self.fetch.get(url, headers={"Accept": STRUCTURE[self.api]})
            return sdmx_message.structures(answer).availability
        except HarvestError as error:
            if error.code in FATAL:
                raise
            self.says_available = False
            return None

    def _too_many(self, flow: Flow, available: Availability) -> bool:
        count = available.observations or flow.observations or 0
        return not self.settings.last_n and count > self.settings.max_observations > 0

    def _halved(
        self,
        flow: Flow,
        definition: Definition | None,
        selection: Selection,
        available: Availability | None,
    ) -> list[Selection]:
        if definition is None:
            return []
        dimensions = definition.of("dimension")
        listed = {c.id: tuple(self.known.codes(c.codelist)) for c in dimensions}
        codes = {**listed, **(available.values if available else {})}
        return split(selection, codes, [c.id for c in dimensions])


def _says_three(settings: Settings) -> bool:
    return settings.api == "3.0" or (
        not settings.api and bool(re.search(r"/(?:sdmx/)?(?:3\.0|v2)\b|/structure/", settings.url))
    )


def _both(first: Api) -> tuple[Api, ...]:
    return ("3.0", "2.1") if first == "3.0" else ("2.1", "3.0")


def _latest(flows: list[Flow]) -> list[Flow]:
    """One of each flow, the one of the highest version, in the order of the listing."""
    newest: dict[tuple[str, str], Flow] = {}
    for flow in flows:
        key = (flow.ref.agency, flow.ref.id)
        if key not in newest or _number(flow) > _number(newest[key]):
            newest[key] = flow
    return list(newest.values())


def _number(flow: Flow) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", flow.ref.version)]


def _is_too_large(error: HarvestError) -> bool:
    detail = error.problem.params.get("detail", "")
    return error.code == "too_large" or (
        error.code == "api_error" and bool(_TOO_LARGE.match(detail))
    )


def _joined(messages: list[Message], flow: Flow) -> Message:
    """The parts as one message of one data set, that of the flow."""
    full = [one for message in messages for one in message.datasets if one.columns]
    if not full:
        return replace(messages[0], datasets=())
    first = next(m for m in messages if m.datasets)
    whole = replace(joined(full), structure=flow.ref)
    # The header's time is that of the answer, not of the data.
    return replace(first, datasets=(whole,), prepared="")


def _validator(answer: Response) -> str:
    etag = answer.headers.get("etag", "")
    if etag:
        return f"etag:{etag}"
    modified = answer.headers.get("last-modified", "")
    return f"modified:{modified}" if modified else ""


def _conditions(told: str) -> dict[str, str]:
    kind, _, value = told.partition(":")
    if kind == "etag":
        return {"If-None-Match": value}
    return {"If-Modified-Since": value} if kind == "modified" else {}
