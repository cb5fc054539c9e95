"""Workbooks packed into one zip: its members by name, within caps on what they unpack to."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harvesters.errors import HarvestError
from harvesters.tables.grid import Caps

#: Below this size unpacked, however well it was packed, a member harms nobody.
_HARMLESS = 50_000_000
_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1
_HIDDEN = (".", "~$", "__MACOSX")
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError,
    UnicodeDecodeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A file in an archive; `name` is its path there with forward slashes."""

    name: str
    content: bytes


class Archive:
    """A zip in memory. Zips within it are not opened."""

    def __init__(self, content: bytes, where: str, caps: Caps, suffixes: Sequence[str]):
        """Raises `truncated`, `protected_file`, `too_large`; nothing is unpacked yet."""
        self._where, self._caps = where, caps
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            infos = self._zip.infolist()
        except _DAMAGE as error:
            raise HarvestError("truncated", where=where) from error
        wanted = tuple(suffix.lower() for suffix in suffixes)
        self._infos = {
            name: info
            for info in infos
            if not info.is_dir() and _is_wanted(name := _name(info), wanted)
        }
        unpacked = sum(info.file_size for info in self._infos.values())
        if unpacked > caps.unpacked:
            raise self._too_large(f"{caps.unpacked // 1_000_000} MB")
        if unpacked > max(_HARMLESS, len(content) * caps.ratio):
            raise self._too_large(f"{caps.ratio:g} : 1 (zip)")
        if any(info.flag_bits & _ENCRYPTED for info in self._infos.values()):
            raise HarvestError("protected_file", where=where)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the members, sorted; each once."""
        return tuple(sorted(self._infos))

    def members(self) -> Iterator[Member]:
        """The members one after the other. Raises `truncated` for a damaged one.

        zipfile gives no more than the declared size and checks the sum over it, so that the
        declared sizes, which were judged before, are the true ones.
        """
        for name in self.names:
            try:
                content = self._zip.read(self._infos[name])
            except _DAMAGE as error:
                raise HarvestError("truncated", where=f"{self._where} · {name}") from error
            yield Member(name, content)

    def _too_large(self, limit: str) -> HarvestError:
        return HarvestError("too_large", where=self._where, limit=limit)


def _is_wanted(name: str, suffixes: tuple[str, ...]) -> bool:
    parts = name.split("/")
    return name.lower().endswith(suffixes) and not any(p.startswith(_HIDDEN) for p in parts)


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name. Windows and many tools write UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & _UTF8_NAMES:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", ".."))
