"""A SOAP envelope with or without a WSDL, and what comes back as JSON-able data.

With a WSDL zeep writes the request: it knows order, types and namespaces. All its reading goes
through `Fetch`, so that a schema elsewhere needs its grant too, and each document is looked at by
our own XML reader first (no DTD, no entities, bounded depth). Answers are never read by zeep.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import zeep
import zeep.exceptions
from zeep.wsdl.utils import etree_to_string

from harvesters.errors import HarvestError
from harvesters.fetch import Fetch, Response
from harvesters.tables.xml_document import child, local, parse_xml, text
from schemas.text import nearest

VERSIONS = ("1.1", "1.2")
#: WSDL documents and schemas that one service may import.
MAX_DOCUMENTS = 40
_ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
_CONTENT_TYPES = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}
_NAME = re.compile(r"[^\W\d][\w.-]{0,200}")
_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@dataclass(frozen=True)
class Message:
    """A request: what is sent, with which headers."""

    body: bytes
    content_type: str
    headers: Mapping[str, str]


def written(
    operation: str,
    parameters: Mapping[str, Any],
    namespace: str,
    action: str,
    version: str,
    qualified: bool = True,
) -> Message:
    """The envelope of an operation, its parameters in the order given.

    `qualified` puts the parameters into the namespace, as .NET services have it.
    """
    soap = _ENVELOPES[version]
    envelope = ElementTree.Element(f"{{{soap}}}Envelope")
    body = ElementTree.SubElement(envelope, f"{{{soap}}}Body")
    call = ElementTree.SubElement(body, _tag(operation, namespace))
    _fill(call, parameters, namespace if qualified else "")
    content = ElementTree.tostring(envelope, encoding="utf-8", xml_declaration=True)
    kind = _CONTENT_TYPES[version]
    if version == "1.2":
        return Message(content, kind + (f'; action="{action}"' if action else ""), {})
    return Message(content, kind, {"SOAPAction": f'"{action}"'})


def _fill(parent: ElementTree.Element, parameters: Mapping[str, Any], namespace: str) -> None:
    for name, value in parameters.items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            element = ElementTree.SubElement(parent, _tag(str(name), namespace))
            if isinstance(item, Mapping):
                _fill(element, item, namespace)
            elif item is not None:
                element.text = _CONTROL.sub("", _text(item))


def _tag(name: str, namespace: str) -> str:
    if not _NAME.fullmatch(name):
        raise HarvestError("bad_setting", where="read.parameters", key=name, expected="maDonVi")
    return f"{{{namespace}}}{name}" if namespace else name


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Described:
    """A service by its WSDL. Raises `not_xml`, `bad_setting`, and what `Fetch` raises."""

    def __init__(self, wsdl: str, fetch: Fetch, version: str):
        self._transport = _Transport(fetch)
        self._where = wsdl
        rules = zeep.Settings(
            strict=True, raw_response=True, forbid_dtd=True, forbid_entities=True, force_https=False
        )
        try:
            self._client: Any = zeep.Client(  # type: ignore[no-untyped-call]
                wsdl, transport=self._transport, settings=rules
            )
        except (zeep.exceptions.Error, ValueError, KeyError, AttributeError) as error:
            raise HarvestError("unexpected_answer", where=wsdl, detail="WSDL") from error
        self._port = self._choose(version)

    def _choose(self, version: str) -> tuple[str, str]:
        """Service and port of that version of SOAP; the first port when none says so."""
        ports = [
            (service.name, port)
            for service in self._client.wsdl.services.values()
            for port in service.ports.values()
        ]
        if not ports:
            raise HarvestError("unexpected_answer", where=self._where, detail="wsdl:port")
        wanted = "Soap12Binding" if version == "1.2" else "Soap11Binding"
        fitting = [pair for pair in ports if type(pair[1].binding).__name__ == wanted]
        service, port = (fitting or ports)[0]
        self._operations = sorted(port.binding.all())
        return service, port.name

    def request(self, operation: str, parameters: Mapping[str, Any]) -> Message:
        """The operation's request as the WSDL wants it."""
        if operation not in self._operations:
            near = nearest(operation, self._operations) or ", ".join(self._operations[:20])
            raise HarvestError(
                "bad_setting", where=self._where, key="read.operation", expected=near
            )
        proxy = self._client.bind(*self._port)
        try:
            proxy[operation](**parameters)
        except (TypeError, ValueError, zeep.exceptions.Error) as error:
            expected = " ".join(str(error).split())[:300]
            key = "read.parameters"
            raise HarvestError(
                "bad_setting", where=self._where, key=key, expected=expected
            ) from error
        message = self._transport.message
        if message is None:
            raise HarvestError("unexpected_answer", where=self._where, detail=operation)
        return message


class _Transport:
    """zeep's only way out: documents come through `Fetch`, a request is kept and not sent."""

    def __init__(self, fetch: Fetch):
        self._fetch = fetch
        self._loaded = 0
        self.message: Message | None = None

    def load(self, url: str) -> bytes:
        self._loaded += 1
        if self._loaded > MAX_DOCUMENTS:
            raise HarvestError("too_large", where=url, limit=f"{MAX_DOCUMENTS} WSDL, XSD")
        answer = self._fetch.get(url)
        parse_xml(answer)
        return answer.content

    def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> None:
        """The WSDL's address is not used: often only the service itself can reach it."""
        kept = {name: value for name, value in headers.items() if name.lower() == "soapaction"}
        body = etree_to_string(envelope)  # type: ignore[no-untyped-call]
        self.message = Message(body, headers["Content-Type"], kept)


def answered(response: Response) -> dict[str, Any]:
    """What stands in the body of an answer, by local names. Raises `api_error` for a fault.

    Elements that repeat are lists; an attribute is ``@name`` (those of other vocabularies, such as
    the row numbers of a .NET DataSet, are left out); what is nil is null.
    """
    root = parse_xml(response)
    body = child(root, "Body") if local(root.tag) == "Envelope" else None
    if body is None:
        raise HarvestError("unexpected_answer", where=response.url, detail="soap:Body")
    fault = child(body, "Fault")
    if fault is not None:
        said = text(fault, "faultstring") or text(fault, "Reason/Text") or "soap:Fault"
        raise HarvestError("api_error", where=response.url, detail=said[:200])
    found = plain(body)
    return found if isinstance(found, dict) else {}


def plain(element: ElementTree.Element) -> Any:
    """An element as text, null, or an object of its attributes and children."""
    if element.get(_NIL) in ("true", "1"):
        return None
    found: dict[str, Any] = {
        f"@{name}": value for name, value in element.attrib.items() if "}" not in name
    }
    for inner in element:
        if not isinstance(inner.tag, str):
            continue
        name, value = local(inner.tag), plain(inner)
        if name not in found:
            found[name] = [value] if isinstance(value, list) else value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    own = (element.text or "").strip()
    if not found:
        return own
    return {**found, "value": own} if own else found
