"""Reading a refusal: what a server says went wrong, and when it wants to be asked again. Pure."""

from __future__ import annotations

import email.utils
import http
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from harvesters.fetch.response import Response

_LONGEST_DETAIL = 200
#: Where the services of the field put their sentence, in order of preference.
_KEYS = ("message", "detail", "error_description", "error", "title", "errors", "description")
#: One of them makes an object the report of an error; a sentence alone does where no data is.
_ERRORS = ("error", "errors", "exception", "fault")
_SENTENCES = ("message", "detail", "error_description")
_DATA = ("data", "result", "results", "value", "values", "records", "items", "features")

#: Elements with the sentence in an error written in XML: SOAP 1.1, SOAP 1.2, OWS, WMS and WFS.
_ELEMENTS = ("faultstring", "Text", "ExceptionText", "ServiceException", "message", "Message")


def error_detail(response: Response) -> str:
    """`HTTP 404 Not Found: …` with the server's own sentence if its JSON or XML has one."""
    try:
        phrase = f"HTTP {response.status} {http.HTTPStatus(response.status).phrase}"
    except ValueError:
        phrase = f"HTTP {response.status}"
    said = "" if response.is_html else said_in_json(response.content)
    said = said or ("" if response.is_html else said_in_xml(response.content))
    return f"{phrase}: {said}" if said else phrase


def said_in_json(content: bytes) -> str:
    """The sentence in a JSON error body, in one line of at most 200 characters; "" if none."""
    return sentence(_json(content))


def error_in_json(content: bytes) -> str:
    """The same of an object that reports an error, so that it is no data of another kind."""
    data = _json(content)
    if not isinstance(data, dict):
        return ""
    failed = any(data.get(key) for key in _ERRORS) or data.get("success") is False
    if not failed and (data.get("success") or any(data.get(key) for key in _DATA)):
        return ""
    return sentence({key: data[key] for key in (*_ERRORS, *_SENTENCES) if data.get(key)})


def _json(content: bytes) -> Any:
    try:
        return json.loads(content[:100_000])
    except (ValueError, RecursionError):
        return None


def said_in_xml(content: bytes) -> str:
    """The sentence in an XML error body, for instance a SOAP fault; "" if none."""
    if len(content) > 100_000 or not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return ""
    try:
        root = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return ""
    texts = {str(e.tag).rpartition("}")[2]: e.text for e in root.iter() if (e.text or "").strip()}
    return next((sentence(texts[name]) for name in _ELEMENTS if name in texts), "")


def sentence(data: Any, depth: int = 3) -> str:
    """The human part of an error object: CKAN's `error.message`, RFC 9457's `detail`, …

    CKAN's validation errors are lists under field names: `{"fq": ["…"]}`.
    """
    if isinstance(data, str):
        return " ".join(data.split())[:_LONGEST_DETAIL]
    if depth == 0:
        return ""
    if isinstance(data, list):
        return sentence(data[0], depth - 1) if data else ""
    if isinstance(data, Mapping):
        rest = [key for key in data if not str(key).startswith("__") and key not in _KEYS]
        for key in (*_KEYS, *rest[:3]):
            said = sentence(data.get(key), depth - 1)
            if said:
                return said
    return ""


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds of a Retry-After header: a number or an HTTP date (RFC 9110, 10.2.3); else None."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())
