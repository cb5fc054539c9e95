"""One operation of a SOAP service, with its WSDL or without, as many departments still offer them.

Everything behind the envelope is as for `rest`: where the records stand, what identifies them, how
they are paged, whether they are datasets or the rows of a table (`harvesters.sources._gateway`).
Quirks of the field: faults with status 200 or 500, lists of one that look like objects, .NET
DataSets (``diffgram``), an answer that is one text with JSON or XML inside (`inner`), WSDLs that
name an address only known inside the department.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from harvesters.errors import HarvestError
from harvesters.fetch import Fetch, Response
from harvesters.model import Item, Probe, SourceType
from harvesters.paths import at_path
from harvesters.sources._gateway import Gateway, read_gateway
from harvesters.sources._paging import Answer, Step
from harvesters.sources._soap_message import VERSIONS, Described, Message, answered, plain, written
from harvesters.sources.rest import MAPPING
from harvesters.tables.xml_document import attribute, descendants, local, parse_xml

_WSDL = re.compile(r"\?(?:single)?wsdl$", re.IGNORECASE)
_SERVICE = re.compile(
    r"\.(?:asmx|svc|wsdl)(?:\?(?:single)?wsdl)?$|\?(?:single)?wsdl$", re.IGNORECASE
)


@dataclass(frozen=True)
class Settings(Gateway):
    """What to ask, besides what all gateways share (`Gateway`).

    `url` is the service's address; ending in ``?wsdl`` it is its WSDL's, too, which may also be
    given as `wsdl`. Without one, `namespace` and mostly `action` (SOAPAction) are needed;
    `qualified` says whether parameters are in the namespace. `parameters` are a mapping, or a list
    of mappings where their order matters and no WSDL tells it. Those of paging are put among them,
    a dotted name into an object. Paths begin inside the body. `inner` is the path of an element
    whose text is a JSON or XML document; paths then begin inside that.
    """

    operation: str = ""
    wsdl: str = ""
    namespace: str = ""
    action: str = ""
    version: str = "1.1"
    qualified: bool = True
    parameters: Any = field(default_factory=dict)
    inner: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.version not in VERSIONS:
            raise _bad("version", ", ".join(VERSIONS))
        if self.pages().style in ("next_link", "link_header"):
            raise _bad("paging.style", "none, page, offset, cursor")
        self.call()

    @property
    def endpoint(self) -> str:
        return _WSDL.sub("", self.url)

    @property
    def described_at(self) -> str:
        return self.wsdl or (self.url if _WSDL.search(self.url) else "")

    def call(self) -> dict[str, Any]:
        """The parameters in their order."""
        given = self.parameters if isinstance(self.parameters, (list, tuple)) else [self.parameters]
        if not all(isinstance(part, Mapping) for part in given):
            raise _bad("parameters", "{maTinh: 38}, [{maTinh: 38}, {nam: 2025}]")
        return {str(name): value for part in given for name, value in part.items()}


def read(settings: Settings, fetch: Fetch, since: Mapping[str, str]) -> Iterator[Item]:
    """One record for each element at `records`, or one with their table."""
    if not settings.operation:
        raise _bad("operation", "DanhSach…")
    described = settings.described_at
    service = Described(described, fetch, settings.version) if described else None

    def ask(step: Step) -> Answer:
        message = _message(settings, service, step.params)
        response = fetch.send(
            settings.endpoint, message.body, message.content_type, message.headers
        )
        return Answer(_opened(settings, response), response.headers, response.url)

    return read_gateway(settings, [ask], since, fetch.limits.max_cells)


def probe(url: str, fetch: Fetch) -> Probe | None:
    """Whether a WSDL is there; asked only where the address looks like a SOAP service's."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not _SERVICE.search(url):
        return None
    described = url if re.search(r"wsdl$", url, re.IGNORECASE) else f"{url}?wsdl"
    try:
        root = parse_xml(fetch.get(described))
    except HarvestError as error:
        if error.code in ("unreachable", "host_not_granted", "tls_error", "deadline"):
            raise
        return None
    if local(root.tag) != "definitions":
        return None
    names = [attribute(service, "name") for service in descendants(root, "service")]
    return Probe(next(filter(None, names), str(parts.hostname)))


def _message(settings: Settings, service: Described | None, params: Mapping[str, Any]) -> Message:
    call = settings.call()
    for name, value in params.items():
        call = _placed(call, name.split("."), value)
    if service is not None:
        return service.request(settings.operation, call)
    action = settings.action or _default_action(settings)
    return written(
        settings.operation,
        call,
        settings.namespace,
        action,
        settings.version,
        settings.qualified,
    )


def _default_action(settings: Settings) -> str:
    """Namespace and operation, as .NET makes it."""
    joint = "" if settings.namespace.endswith(("/", "#")) else "/"
    return f"{settings.namespace}{joint}{settings.operation}" if settings.namespace else ""


def _placed(call: Mapping[str, Any], steps: list[str], value: Any) -> dict[str, Any]:
    if len(steps) == 1:
        return {**call, steps[0]: value}
    inner = call.get(steps[0])
    below = _placed(inner if isinstance(inner, Mapping) else {}, steps[1:], value)
    return {**call, steps[0]: below}


def _opened(settings: Settings, response: Response) -> Any:
    """The body, or the document that stands in it as text."""
    data = answered(response)
    if not settings.inner:
        return data
    inside = at_path(data, settings.inner)
    if not isinstance(inside, str):
        raise HarvestError("unexpected_answer", where=response.url, detail=settings.inner)
    document = replace(response, content=inside.strip().encode())
    if inside.lstrip("\ufeff \t\r\n").startswith("<"):
        root = parse_xml(document)
        return {local(root.tag): plain(root)}
    return document.json(exact=bool(settings.table))


def _bad(key: str, expected: str) -> HarvestError:
    key = f"read.{key}"
    return HarvestError("bad_setting", where=key, key=key, expected=expected)


SOURCE = SourceType(
    type="soap",
    title={"vi": "Dịch vụ SOAP", "en": "SOAP service"},
    settings=Settings,
    read=read,
    probe=probe,
    mapping=MAPPING,
)
