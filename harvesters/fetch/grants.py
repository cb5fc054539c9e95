"""What a source has been granted: hosts with their ports, and folders. Pure decisions.

Everything not granted is refused. A granted *name* may resolve to a public or to a private
address, since departments' systems are internal; it may not resolve to this machine, to a
link-local address (cloud metadata) or to a multicast one unless that address itself, or
`localhost`, is what was granted.
"""

from __future__ import annotations

import ipaddress
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from harvesters.errors import HarvestError

DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    "postgresql": 5432,
    "postgres": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "mssql": 1433,
    "sqlserver": 1433,
    "oracle": 1521,
    "sftp": 22,
    "smb": 445,
    "s3": 443,
    "s3+http": 80,
}
_SECRET_WORD = re.compile(
    r"key|token|secret|passw|pwd|mat_?khau|signature|^sig$|credential|auth|^sid$|session", re.I
)
#: Parameters of the field's services that only look like secrets.
_NO_SECRET = re.compile(
    r"key(word|field|column|name)s?|(sort|order|group|primary|foreign)_?keys?|authors?(_\w+)?"
    r"|authority|(resumption|continuation|continue|next|page|sync|cursor)_?token",
    re.I,
)
_PORT = re.compile(r"[0-9]{1,5}")

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Endpoint:
    """A host (lower case; an IP address in its canonical form, no brackets) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Grants:
    """The allow-list of one source, parsed."""

    endpoints: frozenset[Endpoint]
    folders: tuple[str, ...]

    def check_endpoint(self, endpoint: Endpoint) -> None:
        """Raises `host_not_granted` unless this very host and port were granted."""
        if endpoint not in self.endpoints:
            raise HarvestError("host_not_granted", where=str(endpoint))

    def check_addresses(self, endpoint: Endpoint, addresses: Sequence[str]) -> None:
        """After resolution: every address of a granted name must be one it may have.

        One forbidden address among several refuses them all: a name that answers with this
        machine's address beside its own is not to be trusted.
        """
        self.check_endpoint(endpoint)
        if endpoint.host == "localhost" or _ip(endpoint.host) is not None:
            return
        for address in addresses:
            granted = Endpoint(_canonical_host(address), endpoint.port) in self.endpoints
            if not granted and _never_by_name(address):
                raise HarvestError("host_not_granted", where=f"{endpoint} ({address})")

    def check_path(self, path: str, where: str) -> str:
        """The real path behind `path`, when it lies in a granted folder; else `host_not_granted`.

        Symbolic links are followed before the comparison, on both sides.
        """
        real = os.path.realpath(path)
        for folder in self.folders:
            root = os.path.realpath(folder)
            if real == root or real.startswith(root.rstrip(os.sep) + os.sep):
                return real
        raise HarvestError("host_not_granted", where=where)


def parse_grants(allow: Sequence[str]) -> Grants:
    """From the `--allow` values: `host:port`, `[v6]:port`, `scheme://host[:port]`, or a folder.

    A folder is an absolute path or a `file:` URL. Raises `bad_setting` for anything else.
    """
    endpoints: set[Endpoint] = set()
    folders: list[str] = []
    for item in allow:
        text = item.strip()
        if text.startswith("/") or text.lower().startswith("file:"):
            folders.append(os.path.normpath(local_path(text)))
        else:
            endpoints.add(_parse_endpoint(text))
    return Grants(frozenset(endpoints), tuple(folders))


def is_local(location: str) -> bool:
    """Whether a location is a path of this machine rather than a URL."""
    return "://" not in location or location.lower().startswith("file:")


def local_path(location: str) -> str:
    """The path of a plain path or of a `file:` URL (`file:///data`, `file:/data`).

    Raises `bad_setting` for a relative path, a remote host in a `file:` URL, or a NUL character.
    """
    path = location
    if location.lower().startswith("file:"):
        parts = urlsplit(location)
        if parts.netloc not in ("", "localhost"):
            raise HarvestError("host_not_granted", where=location)
        path = unquote(parts.path)
    if not path.startswith("/") or "\x00" in path:
        raise _bad("url", location, "/thu-muc/…")
    return path


def endpoint_of(url: str) -> Endpoint:
    """The host and port that a URL leads to. Raises `bad_setting` for a URL that is none.

    `host_not_granted` for schemes that no one can grant (`file:`, `ftp:`, `gopher:` …).
    """
    parts = _split(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise HarvestError("host_not_granted", where=shown(url))
    try:
        port = parts.port
    except ValueError as error:
        raise _bad("url", url, "https://host:port/…") from error
    if not parts.hostname or parts.hostname != parts.hostname.strip(" \t\\"):
        raise _bad("url", url, "https://host:port/…")
    return Endpoint(_canonical_host(parts.hostname), port or DEFAULT_PORTS[parts.scheme])


def origin_of(url: str) -> tuple[str, Endpoint]:
    """Scheme and endpoint of a URL: one port is another destination with TLS than without.

    Raises what `endpoint_of` raises.
    """
    endpoint = endpoint_of(url)
    return _split(url).scheme, endpoint


def secret_parameters(url: str) -> tuple[str, ...]:
    """Names of the query parameters whose value looks like a key, a token or a password."""
    pairs = parse_qsl(_split(url).query, keep_blank_values=True)
    return tuple(dict.fromkeys(key for key, value in pairs if value and _is_secret(key)))


def has_credentials(url: str) -> bool:
    """Whether a user or password is written into the URL."""
    return "@" in _split(url).netloc


def without_credentials(url: str) -> str:
    """The URL without user, password and fragment."""
    parts = _split(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def with_params(url: str, params: dict[str, str]) -> str:
    """The URL with query parameters added, and everything non-ASCII or blank percent-encoded."""
    parts = _split(without_credentials(url))
    query = "&".join(filter(None, (parts.query, urlencode(params))))
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit(parts._replace(path=path, query=quote(query, safe="/%:@!$&'()*+,;=~-._?[]")))


def shown(url: str) -> str:
    """The URL as it may be shown: no credentials, no fragment, secret-looking values hidden."""
    try:
        parts = urlsplit(without_credentials(url))
    except HarvestError:
        return re.sub(r"//[^/]*@", "//", url)
    if not parts.query:
        return urlunsplit(parts)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if not any(_is_secret(key) for key, _ in pairs):
        return urlunsplit(parts)
    hidden = [(key, "***" if _is_secret(key) else value) for key, value in pairs]
    return urlunsplit(parts._replace(query=urlencode(hidden, safe="*:/")))


def nfc(text: str) -> str:
    """File names come decomposed from some systems: one form for all."""
    return unicodedata.normalize("NFC", text)


def _is_secret(parameter: str) -> bool:
    return bool(_SECRET_WORD.search(parameter)) and not _NO_SECRET.fullmatch(parameter)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url.strip())
    except ValueError as error:
        raise _bad("url", re.sub(r"//[^/]*@", "//", url), "https://host:port/…") from error


def _parse_endpoint(text: str) -> Endpoint:
    if "://" in text:
        return endpoint_of(without_credentials(text))
    host, separator, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    bare = host[1:-1] if bracketed else host
    if not separator or not bare or not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        raise _bad("allow", text, "host:port, /thu-muc")
    if (":" in bare) != bracketed or any(c in bare for c in "/@*? \\"):
        raise _bad("allow", text, "host:port, [IPv6]:port, /thu-muc")
    return Endpoint(_canonical_host(bare), int(port))


def _canonical_host(host: str) -> str:
    address = _ip(host)
    if address is not None:
        return str(address)
    name = host.lower().rstrip(".")
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise _bad("url", host, "https://host:port/…") from error


def _ip(host: str) -> IPAddress | None:
    """The address that a host is, an IPv4 address mapped into IPv6 as the IPv4 one."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address


def _never_by_name(address: str) -> bool:
    parsed = _ip(address)
    return parsed is None or (
        parsed.is_loopback
        or parsed.is_link_local
        or parsed.is_multicast
        or parsed.is_unspecified
        or parsed.is_reserved
    )


def _bad(key: str, value: str, expected: str) -> HarvestError:
    return HarvestError("bad_setting", where=value, key=f"{key}: {value}", expected=expected)
