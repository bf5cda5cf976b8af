"""Archives: zip, tar and compressed files. Their members become documents of their own."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Protocol

from mv2.errors import (
    DocumentError,
    DocumentLimitError,
    EncryptedDocumentError,
    UnsupportedDocumentError,
)
from mv2.extract.guard import ZipGuard, member_name, read_bounded, safe_member_name
from mv2.extract.model import Extraction, Limits, Part, ReadOptions, Source

_NAME_BYTES = 1024
_MOST_WARNINGS = 20
_STEP = 1 << 16
_DRIVE = re.compile(r"[A-Za-z]:")
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x5d\x00\x00": "lzma"}
_ENDINGS = {
    ".gz": "",
    ".bz2": "",
    ".xz": "",
    ".lzma": "",
    ".z": "",
    ".svgz": ".svg",
    ".emz": ".emf",
    ".wmz": ".wmf",
}
_TAR_ENDINGS = {".tgz", ".tbz", ".tbz2", ".txz", ".tlz", ".taz"}
_LEFT_BY_SYSTEMS = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")
_XZ_MEMORY = 256 << 20
_ZEROS = re.compile(rb"\0*")
_DAMAGE = (
    tarfile.TarError,
    EOFError,
    OSError,
    lzma.LZMAError,
    zlib.error,
    ValueError,
    OverflowError,
    KeyError,
    RecursionError,  # extended headers of tar archives nest
)


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read an archive where archives are asked for; what cannot be taken from it is said in the warnings.

    Raises:
        UnsupportedDocumentError: they are not.
        DocumentError: it is no archive, or damaged.
        EncryptedDocumentError: all of its members need a password.
        DocumentLimitError: too many members, or they expand too far.
    """
    if not options.archives:
        raise UnsupportedDocumentError(
            "the file is an archive, and archives are not asked for",
            remedy="Give ReadOptions(archives=True), or put --archives, to read what is in it",
        )
    found = _Members(options.limits)
    data = source.data
    if data.startswith(b"PK"):
        _read_zip(data, found)
    elif packing := _packing(data):
        _read_packed(data, packing, source.name, found)
    elif _is_tar(data):
        _read_tar(io.BytesIO(data), found)
    elif b"PK\x05\x06" in data[-65_557:]:
        _read_zip(data, found)  # a program may stand before it
    elif data.strip(b"\0"):
        raise DocumentError("the file is no zip, tar, gzip, bzip2 or xz archive")
    return Extraction(
        text="\n".join(part.name for part in found.parts),
        parts=tuple(found.parts),
        metadata={"members": len(found.parts)},
        warnings=tuple(found.warnings()),
    )


class _Members:
    """What was taken from an archive, and what was not."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parts: list[Part] = []
        self.taken_bytes = 0
        # How often each name was asked for, so that the next free one is found at once.
        self._numbers: dict[str, int] = {}
        self._of_systems = 0
        self._said: list[str] = []
        self._unsaid = 0

    def warn(self, message: str) -> None:
        if len(self._said) < _MOST_WARNINGS:
            self._said.append(message)
        else:
            self._unsaid += 1

    def warnings(self) -> Iterator[str]:
        yield from self._said
        if self._of_systems:
            yield f"{self._of_systems} files that operating systems leave behind are left out"
        if self._unsaid:
            yield f"{self._unsaid} more members are left out"

    def refuses(self, name: str) -> bool:
        """Whether a name leads out of the archive, or is none a person gave; says so."""
        if _LEFT_BY_SYSTEMS.search(name[-2 * _NAME_BYTES :]):
            self._of_systems += 1
            return True
        reason = _fault_of(name)
        if reason is not None:
            self.warn(f"{_shown(name)} is left out: {reason}")
        return reason is not None

    def add(self, name: str, data: bytes, modified: int | None) -> None:
        """Take a member; of several with one name, each gets a name of its own."""
        safe = safe_member_name(name)
        self.taken_bytes += len(data)
        if safe in self._numbers:
            safe = self._free_name(safe)
        self._numbers[safe] = 1
        self.parts.append(Part(name=safe, data=data, modified=modified))

    def _free_name(self, taken: str) -> str:
        folder, slash, base = taken.rpartition("/")
        stem, dot, ending = base.rpartition(".")
        stem, ending = (stem, dot + ending) if stem else (base, "")
        while True:
            self._numbers[taken] += 1
            name = f"{folder}{slash}{stem} ({self._numbers[taken]}){ending}"
            if name not in self._numbers:
                return name


def _fault_of(name: str) -> str | None:
    parts = name.replace("\\", "/").split("/")
    if "\0" in name:
        return "its name holds a zero byte"
    if not parts[0] or _DRIVE.match(name):
        return "its path is absolute"
    if ".." in parts:
        return "its path leads out of the archive"
    return "its name is too long" if len(name.encode("utf-8", "replace")) > _NAME_BYTES else None


def _shown(name: str) -> str:
    return repr(name if len(name) <= 100 else name[:99] + "…")


def _read_zip(data: bytes, found: _Members) -> None:
    archive = ZipGuard(data, found.limits)
    entries = archive.entries()
    if entries and all(entry.encrypted for entry in entries):
        raise EncryptedDocumentError("the archive needs a password")
    if archive.duplicates:
        found.warn(f"{archive.duplicates} members are left out: later ones have the same names")
    links = _links(data)
    for entry in entries:
        if found.refuses(entry.name):
            continue
        if entry.name in links:
            found.warn(f"{_shown(entry.name)} is left out: it is a link")
            continue
        if entry.encrypted:
            found.warn(f"{_shown(entry.name)} is left out: it needs a password")
            continue
        try:
            found.add(entry.name, archive.read(entry.name), entry.modified)
        except DocumentLimitError:
            raise
        except DocumentError as error:
            found.warn(f"{_shown(entry.name)} is left out: {error.message}")


def _links(data: bytes) -> set[str]:
    """Members that are links, which only the archive's attributes tell."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {member_name(info) for info in archive.infolist() if stat.S_ISLNK(info.external_attr >> 16)}


def _packing(data: bytes) -> str | None:
    return next((kind for start, kind in _PACKED.items() if data.startswith(start)), None)


def _is_tar(data: bytes) -> bool:
    """Whether a header of a tar archive stands at the start; its checksum says so, if not its mark."""
    if data[257:262] == b"ustar":
        return True
    if len(data) < 512:
        return False
    try:
        stated = int(data[148:156].strip(b"\0 ") or b"-1", 8)
    except ValueError:
        return False
    return stated == sum(data[:148]) + 8 * 32 + sum(data[156:512])


def _read_packed(data: bytes, packing: str, name: str, found: _Members) -> None:
    """A tar archive that is compressed as a whole, or one compressed file."""
    stream = _Bounded(_opened(data, packing), len(data), found.limits)
    try:
        start = stream.peek(512)
        if _is_tar(start):
            _read_tar(stream, found)
            return
        content = stream.read()
    except (DocumentError, MemoryError):
        raise
    except _DAMAGE as error:
        raise DocumentError(f"the {packing} data is damaged: {error}") from error
    inner = _inner_name(name, data, packing)
    if not content and not inner:
        return
    found.add(inner or "content", content, _stated_time(data, packing))


def _opened(data: bytes, packing: str) -> _Readable:
    if packing == "gzip":
        return gzip.GzipFile(fileobj=io.BytesIO(data))
    if packing == "bzip2":
        return bz2.BZ2File(io.BytesIO(data))
    return _Xz(data)


class _Xz:
    """An xz or lzma stream, or several in a row, unpacked with bounded memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._unpacker = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, none at the end."""
        while True:
            if self._unpacker.eof and not self._begin_next():
                return b""
            given = b""
            if self._unpacker.needs_input:
                # In steps: what is left of them is copied at the end of each stream.
                given = self._data[self._at : self._at + _STEP]
                self._at += len(given)
                if not given:
                    raise EOFError("it ends too early")
            if part := self._unpack(given, size):
                return part

    def _begin_next(self) -> bool:
        """Go to the next stream; False when there is none."""
        start = self._at - len(self._unpacker.unused_data)
        padding = _ZEROS.match(self._data, start)
        self._at = padding.end() if padding else start
        if self._at == len(self._data):
            return False
        self._unpacker = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
        return True

    def _unpack(self, given: bytes, size: int) -> bytes:
        try:
            return self._unpacker.decompress(given, size)
        except lzma.LZMAError as error:
            if "limit" in str(error):
                raise DocumentLimitError(
                    f"the archive needs more than {_XZ_MEMORY >> 20} MiB of memory to unpack"
                ) from error
            raise


class _Bounded(io.RawIOBase):
    """A decompressed stream that stops when it expands too far."""

    def __init__(self, stream: _Readable, stored: int, limits: Limits) -> None:
        super().__init__()
        self._stream = stream
        self._ahead = b""
        self._size = 0
        self._most = limits.expanded_bytes
        self._ratio = limits.ratio
        self._stored = max(stored, 1)

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """The next bytes, without taking them."""
        while len(self._ahead) < size and (part := self._counted(size - len(self._ahead))):
            self._ahead += part
        return self._ahead[:size]

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, all that are left by default."""
        if size < 0:
            parts = [self._take(len(self._ahead))]
            while part := self._counted(_STEP):
                parts.append(part)
            return b"".join(parts)
        parts = [self._take(size)]
        missing = size - len(parts[0])
        while missing > 0 and (part := self._counted(min(missing, _STEP))):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _take(self, size: int) -> bytes:
        taken, self._ahead = self._ahead[:size], self._ahead[size:]
        return taken

    def _counted(self, size: int) -> bytes:
        part = self._stream.read(size)
        self._size += len(part)
        if self._size > self._most:
            raise DocumentLimitError(
                f"the archive expands to more than {self._most:,} bytes (limit expanded_bytes)"
            )
        if self._size > 1 << 20 and self._size > self._ratio * self._stored:
            raise DocumentLimitError(
                f"the archive expands to more than {self._ratio:g} times its size (limit ratio)"
            )
        return part


def _read_tar(stream: IO[bytes] | _Bounded, found: _Members) -> None:
    """Take the files of a tar archive, in one pass from its start to its end."""
    count = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                count += 1
                if count > found.limits.members:
                    raise DocumentLimitError(
                        f"the archive has more than {found.limits.members:,} members (limit members)"
                    )
                _take_member(archive, member, found)
    except (DocumentError, MemoryError):
        raise
    except _DAMAGE as error:
        if not found.parts:
            raise DocumentError(f"the tar archive is damaged: {error}") from error
        found.warn(f"the archive is damaged behind {_shown(found.parts[-1].name)}: {error}")


def _take_member(archive: tarfile.TarFile, member: tarfile.TarInfo, found: _Members) -> None:
    if member.isdir() or found.refuses(member.name):
        return
    if not member.isreg():
        kind = "link" if member.issym() or member.islnk() else "device or pipe"
        found.warn(f"{_shown(member.name)} is left out: it is a {kind}")
        return
    file = archive.extractfile(member)
    if file is None:
        return
    # Sparse files say of long stretches that they are empty.
    extents: list[tuple[int, int]] | None = getattr(member, "sparse", None)
    stored = member.size if extents is None else sum(size for _, size in extents)
    name = _shown(member.name)
    data = read_bounded(file, stored, found.limits, spent=found.taken_bytes, name=name)
    if len(data) < member.size:
        found.warn(f"{name} is shortened: the archive ends in it")
    mtime = int(member.mtime)
    found.add(member.name, data, mtime if mtime > 0 else None)


def _inner_name(name: str, data: bytes, packing: str) -> str:
    """The name of a compressed file: its own without the last ending, else what gzip noted."""
    base = safe_member_name(name.replace("\\", "/").rpartition("/")[2]) if name else ""
    stem, dot, ending = base.rpartition(".")
    lowered = (dot + ending).lower()
    if stem and lowered in _ENDINGS:
        return stem + _ENDINGS[lowered]
    if stem and lowered in _TAR_ENDINGS:
        return stem + ".tar"
    if packing == "gzip" and len(data) > 10 and data[3] & 0x08 and not data[3] & 0x04:
        noted = data[10 : 10 + _NAME_BYTES].split(b"\0")[0].decode("latin-1")
        if noted and _fault_of(noted) is None:
            return safe_member_name(noted)
    return base


def _stated_time(data: bytes, packing: str) -> int | None:
    if packing != "gzip" or len(data) < 8:
        return None
    return int.from_bytes(data[4:8], "little") or None
