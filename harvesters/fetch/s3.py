"""Files in an S3-compatible object store (MinIO, Ceph, Amazon).

``s3://host[:port]/bucket/prefix`` by HTTPS, ``s3+http://…`` without TLS; always in path style. The
region is ``us-east-1``, MinIO's own, unless the URL says ``?region=…``. `auth.user` is the access
key's id and the secret its secret (`type: basic`); without an account the bucket must be public.
Requests are signed by Signature Version 4 and go through the engine's HTTP client.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from harvesters.errors import HarvestError
from harvesters.fetch import Entry
from harvesters.fetch.auth import Credentials
from harvesters.fetch.folders import MAX_FILES, TEMPORARY
from harvesters.fetch.grants import shown
from harvesters.fetch.http import Client
from harvesters.fetch.remote import in_order, too_many
from harvesters.fetch.response import Response

SCHEMES = {"s3": "https", "s3+http": "http"}
_DEFAULT_REGION = "us-east-1"
_EMPTY = hashlib.sha256(b"").hexdigest()


class S3Store:
    """The buckets of one server."""

    def __init__(self, http: Callable[[], Client], credentials: Credentials):
        self._http = http
        self._credentials = credentials

    def entries(self, location: str, suffixes: Sequence[str]) -> tuple[Entry, ...]:
        """The objects below a prefix, or the one object with that very key."""
        base, bucket, prefix = _places(location)
        wanted = tuple(suffix.lower() for suffix in suffixes)
        found = []
        for key, size, mark in self._objects(location, base, bucket, prefix):
            place = f"{location.partition('://')[0]}://{base.partition('://')[2]}"
            entry = Entry(
                _relative(key, prefix),
                f"{place}/{quote(f'{bucket}/{key}')}{_query(location)}",
                size,
                mark,
            )
            if key == prefix and not key.endswith("/"):
                return in_order([entry])
            if _is_below(key, prefix) and (not wanted or key.lower().endswith(wanted)):
                found.append(entry)
        return in_order(found)

    def read(self, location: str) -> Response:
        base, bucket, key = _places(location)
        return self._get(f"{base}/{quote(f'{bucket}/{key}')}", location)

    def close(self) -> None:
        """Nothing of its own is open."""

    def _objects(
        self, location: str, base: str, bucket: str, prefix: str
    ) -> Iterator[tuple[str, int, str]]:
        """(key, size, ETag) of all objects whose key begins so; every page of the listing."""
        token, seen, number = "", set[str](), 0
        while True:
            asked = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
            if token:
                asked["continuation-token"] = token
            query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in asked.items())
            page = _parsed(self._get(f"{base}/{quote(bucket)}?{query}", location))
            for item in page.iter("Contents"):
                number += 1
                key = unquote(item.findtext("Key") or "")
                mark = (item.findtext("ETag") or item.findtext("LastModified") or "").strip('"')
                yield key, int(item.findtext("Size") or 0), mark
            token = page.findtext("NextContinuationToken") or ""
            if page.findtext("IsTruncated") != "true":
                return
            if not token or token in seen:
                raise HarvestError("unexpected_answer", where=shown(location), detail="token")
            if number > MAX_FILES:
                raise too_many(MAX_FILES, "tệp", "files", shown(location))
            seen.add(token)

    def _get(self, url: str, location: str) -> Response:
        if not self._credentials.belong_to(location):
            return self._http().request("GET", url, signed=False)
        user, secret = self._credentials.user, self._credentials.secret()
        region = parse_qs(urlsplit(location).query).get("region", [_DEFAULT_REGION])[0]

        def sign(method: str, target: str) -> Mapping[str, str]:
            return signature(method, target, user, secret, region, datetime.now(UTC))

        return self._http().request("GET", url, signer=sign)


def signature(
    method: str, url: str, user: str, secret: str, region: str, now: datetime
) -> dict[str, str]:
    """The headers of AWS Signature Version 4 for a request without a body.

    As described in "Create a signed AWS API request" of the AWS IAM User Guide: canonical request,
    string to sign, derived key. In S3 the path is encoded once.
    """
    parts = urlsplit(url)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {"host": parts.netloc, "x-amz-content-sha256": _EMPTY, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    canonical = "\n".join(
        [
            method,
            quote(unquote(parts.path), safe="/-_.~"),
            "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            names,
            _EMPTY,
        ]
    )
    scope = f"{day}/{region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    signed = hmac.digest(key, text.encode(), "sha256").hex()
    return {
        "x-amz-date": stamp,
        "x-amz-content-sha256": _EMPTY,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={user}/{scope}, "
        f"SignedHeaders={names}, Signature={signed}",
    }


def _places(location: str) -> tuple[str, str, str]:
    """(http address of the server, bucket, key or prefix)."""
    parts = urlsplit(location)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    if not bucket or "\x00" in key:
        raise HarvestError(
            "bad_setting", where=shown(location), key="url", expected="s3://host/bucket/thu-muc"
        )
    return f"{SCHEMES[parts.scheme]}://{parts.netloc.rpartition('@')[2]}", bucket, key


def _query(location: str) -> str:
    query = urlsplit(location).query
    return f"?{query}" if query else ""


def _is_below(key: str, prefix: str) -> bool:
    """In the folder that the prefix names, and neither hidden nor temporary."""
    inside = not prefix or prefix.endswith("/") or key.startswith(f"{prefix}/")
    parts = _relative(key, prefix).split("/")
    return inside and not key.endswith("/") and not any(p.startswith(TEMPORARY) for p in parts)


def _relative(key: str, prefix: str) -> str:
    if key == prefix:
        return key.rpartition("/")[2]
    return key[len(prefix) :].lstrip("/")


def _parsed(answer: Response) -> Element:
    """The listing without its namespace, which differs between servers."""
    if answer.is_html:
        raise HarvestError("html_instead_of_data", where=answer.url)
    try:
        root: Element = defusedxml.ElementTree.fromstring(answer.content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise HarvestError("unexpected_answer", where=answer.url, detail="XML") from error
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    if root.tag != "ListBucketResult":
        raise HarvestError("unexpected_answer", where=answer.url, detail=root.tag[:40])
    return root
