"""Reading a body within caps: bytes before and after decompression, and their ratio."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harvesters.errors import HarvestError
from harvesters.settings import Limits

#: Small bodies may compress very well and do no harm; the ratio is judged above this many bytes.
RATIO_FROM = 1_000_000
_STEP = 1_000_000


@dataclass(frozen=True)
class Caps:
    """How much one body may be. `where` names it in the error."""

    max_bytes: int
    max_ratio: float
    where: str

    def check_promise(self, length: str | None) -> None:
        """Refuses by the Content-Length already, before a byte is read."""
        if length is not None and length.isdecimal() and int(length) > self.max_bytes:
            raise self.too_large(self.max_bytes)

    def too_large(self, limit: int) -> HarvestError:
        return HarvestError("too_large", where=self.where, limit=size_in_words(limit))


class Budget:
    """How many bytes a whole run may read, over all that it reads."""

    def __init__(self, most: int):
        self.most = most
        self.spent = 0

    def caps(self, limits: Limits, where: str) -> Caps:
        """The caps of the next body: its own, or what is left of the whole."""
        left = max(self.most - self.spent, 0)
        return Caps(min(limits.max_bytes, left), limits.max_ratio, where)


def size_in_words(size: int) -> str:
    """A size for people: "100 MB"; in powers of ten, as file managers count."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= factor:
            return f"{float(f'{size / factor:.3g}'):g} {unit}"
    return f"{size} B"


def read_body(chunks: Iterable[bytes], encoding: str, caps: Caps) -> bytes:
    """The whole body, decoded. `encoding` is the Content-Encoding header's value.

    Raises `too_large` as soon as a cap is passed, `truncated` when a compressed body ends early,
    `api_error` for an encoding that was not asked for or a stream that is not what it says.
    """
    body = bytearray()
    for chunk in body_pieces(chunks, encoding, caps):
        body += chunk
    return bytes(body)


def body_pieces(chunks: Iterable[bytes], encoding: str, caps: Caps) -> Iterator[bytes]:
    """As `read_body`, piece by piece."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _capped(chunks, caps)
    if name not in ("gzip", "x-gzip", "deflate"):
        raise HarvestError("api_error", where=caps.where, detail=f"Content-Encoding: {name[:40]}")
    return _capped(_inflate(_capped(chunks, caps), name, caps), caps)


def _capped(chunks: Iterable[bytes], caps: Caps) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > caps.max_bytes:
            raise caps.too_large(caps.max_bytes)
        yield chunk


class _Inflater:
    """zlib in steps of bounded output; gzip with several members, deflate with or without header.

    Some servers send "deflate" as a raw stream (RFC 9110, 8.4.1.2 notes it): the first byte of a
    zlib header has 8 in its low half.
    """

    def __init__(self, name: str):
        self._gzip = name != "deflate"
        self._stream: zlib._Decompress | None = None

    @property
    def ended(self) -> bool:
        return self._stream is None or self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._stream is None or (self._stream.eof and self._gzip):
                self._stream = zlib.decompressobj(self._window(data))
            if self._stream.eof:
                return  # bytes after the end of a deflate stream mean nothing
            yield from self._drain(self._stream, data)
            data = self._stream.unconsumed_tail or self._stream.unused_data.lstrip(b"\x00")

    def _drain(self, stream: zlib._Decompress, data: bytes) -> Iterator[bytes]:
        """A full step may leave output inside zlib although it has taken all of its input."""
        part = stream.decompress(data, _STEP)
        yield part
        while len(part) == _STEP and not stream.unconsumed_tail and not stream.eof:
            part = stream.decompress(b"", _STEP)
            yield part

    def _window(self, data: bytes) -> int:
        if self._gzip:
            return zlib.MAX_WBITS | 16
        return zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS


def _inflate(chunks: Iterable[bytes], name: str, caps: Caps) -> Iterator[bytes]:
    inflater = _Inflater(name)
    packed = unpacked = 0
    for chunk in chunks:
        packed += len(chunk)
        try:
            for part in inflater.feed(chunk):
                unpacked += len(part)
                if unpacked > max(RATIO_FROM, packed * caps.max_ratio):
                    raise caps.too_large(int(max(RATIO_FROM, packed * caps.max_ratio)))
                yield part
        except zlib.error as error:
            raise HarvestError(
                "api_error", where=caps.where, detail=f"Content-Encoding: {name}"
            ) from error
    if not inflater.ended:
        raise HarvestError("truncated", where=caps.where, at=unpacked)
