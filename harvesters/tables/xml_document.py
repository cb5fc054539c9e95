"""An XML document of a source, read without DTD, entities or network, with its depth bounded.

The size of a body is bounded where it is fetched. Names are compared without their namespace: the
services of the field use several addresses for the same vocabulary (19139 of 2005 and of 2007, GML
3.1 and 3.2, CSW 2.0.2 and 3.0), and what an element is told by its place anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.parsers.expat import errors

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from harvesters.errors import HarvestError
from harvesters.fetch.refusals import error_in_json
from harvesters.fetch.response import Response
from schemas.text import nfc

#: ISO 19139 nests about 20 deep, a polygon in it 30.
MAX_DEPTH = 200
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_CUT = (
    errors.codes[errors.XML_ERROR_NO_ELEMENTS],
    errors.codes[errors.XML_ERROR_UNCLOSED_TOKEN],
    errors.codes[errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
    errors.codes[errors.XML_ERROR_PARTIAL_CHAR],
)


class _TooDeep(Exception):
    pass


class _Builder(TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: Any, attrs: Any) -> Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeep
        return super().start(tag, attrs)

    def end(self, tag: Any) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse_xml(answer: Response) -> Element:
    """The root element of an answer.

    Raises `html_instead_of_data`, `truncated` (the body is empty or ends too soon), `too_deep`,
    `unknown_encoding` (bytes that are not of the declared encoding), `api_error` (the report of an
    error as JSON) and `not_xml` (also for a document with a DTD or entities, which are never read).
    """
    if answer.is_html:
        raise HarvestError("html_instead_of_data", where=answer.url)
    wide = answer.content[:2] in (b"\xff\xfe", b"\xfe\xff")
    content = answer.content if wide else answer.content.strip(b"\x00 \t\r\n")
    if not content:
        raise HarvestError("truncated", where=answer.url, at=0)
    if not content.startswith((b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")):
        if said := error_in_json(content):
            raise HarvestError("api_error", where=answer.url, detail=said)
        raise HarvestError("not_xml", where=answer.url, line=1)
    try:
        parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True)
        parser.feed(content)
        return parser.close()
    except _TooDeep as error:
        raise HarvestError("too_deep", where=answer.url) from error
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise _refusal(content, error, answer.url) from error


def _refusal(content: bytes, error: Exception, where: str) -> HarvestError:
    line = error.position[0] if isinstance(error, ParseError) else 1
    if isinstance(error, ParseError) and error.code in _CUT:
        return HarvestError("truncated", where=where, at=len(content))
    declared = _DECLARED.match(content.removeprefix(b"\xef\xbb\xbf"))
    try:
        content.decode(declared[1].decode() if declared else "utf-8-sig")
    except UnicodeDecodeError as wrong:
        return HarvestError("unknown_encoding", where=where, at=wrong.start)
    except LookupError:
        return HarvestError("unknown_encoding", where=where, at=0)
    return HarvestError("not_xml", where=where, line=line)


def local(name: str) -> str:
    """The name of an element or attribute without its namespace."""
    return name.rpartition("}")[2]


def children(element: Element | None, path: str) -> Iterator[Element]:
    """The elements at a path of local names (``citation/CI_Citation/title``); ``*`` is any."""
    if element is None:
        return
    step, _, rest = path.partition("/")
    for child in element:
        if isinstance(child.tag, str) and step in ("*", local(child.tag)):
            if rest:
                yield from children(child, rest)
            else:
                yield child


def child(element: Element | None, path: str) -> Element | None:
    """The first element at a path of local names."""
    return next(children(element, path), None)


def descendants(element: Element | None, name: str) -> Iterator[Element]:
    """The elements of that local name anywhere below, in the order of the document."""
    if element is None:
        return
    for found in element.iter():
        if found is not element and isinstance(found.tag, str) and local(found.tag) == name:
            yield found


def text(element: Element | None, path: str = "") -> str:
    """The text at a path, below it included, with single blanks, NFC; "" where nothing is."""
    found = child(element, path) if path else element
    return nfc(" ".join("".join(found.itertext()).split())) if found is not None else ""


def prose(element: Element | None, path: str = "") -> str:
    """The text at a path with its paragraphs: line breaks stay, other blanks become single."""
    found = child(element, path) if path else element
    if found is None:
        return ""
    lines = (" ".join(line.split()) for line in "".join(found.itertext()).splitlines())
    return nfc(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip())


def attribute(element: Element | None, name: str) -> str:
    """The attribute of that local name; "" when the element has none."""
    if element is None:
        return ""
    return next((nfc(v.strip()) for k, v in element.attrib.items() if local(k) == name), "")
