"""What stands between a reader and hostile bytes: archives, XML and text of unknown encoding.

Nothing here trusts a size, a count or a name that a document states about itself.
"""

from __future__ import annotations

import datetime as dt
import io
import lzma
import re
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from mv2._record import dataclass
from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError
from mv2.extract._text import decode_text
from mv2.extract._xml import parse_xml
from mv2.extract.model import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "ZipEntry",
    "ZipGuard",
    "decode_text",
    "member_name",
    "parse_xml",
    "read_bounded",
    "safe_member_name",
]

_STEP = 1 << 20
_LOCAL_HEADER = 30
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    OverflowError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipEntry:
    """A file in a zip archive, as its directory describes it.

    Attributes:
        name: its name with ``/`` between folders; not made safe, see ``safe_member_name``.
        size: bytes it claims to expand to.
        stored: bytes it takes in the archive.
        modified: time of its last change, taken as UTC; None when it states none.
        encrypted: it needs a password.
    """

    name: str
    size: int
    stored: int
    modified: int | None
    encrypted: bool


class ZipGuard:
    """A zip archive whose members are read within limits.

    Args:
        data: the whole archive.
        limits: ``members``, ``expanded_bytes`` (over all reads together) and ``ratio`` hold here.

    Attributes:
        duplicates: members that cannot be read because a later one has the same name.

    Raises:
        DocumentError: it is no zip archive, or damaged.
        DocumentLimitError: too many members, or members that share bytes.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._expanded = 0
        if _directory_entries(data) > limits.members:
            raise _too_many(limits)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (*_DAMAGE, NotImplementedError) as error:
            raise DocumentError("the zip archive is damaged: its directory cannot be read") from error
        infos = self._zip.infolist()
        if len(infos) > limits.members:
            raise _too_many(limits)
        _refuse_overlap(infos)
        self._members = {member_name(info): info for info in infos}
        self.duplicates = len(infos) - len(self._members)

    def names(self) -> list[str]:
        """Names of all files, each once, without folders."""
        return [name for name in self._members if not name.endswith("/")]

    def entries(self) -> list[ZipEntry]:
        """All files, without folders."""
        return list(self._entries())

    def _entries(self) -> Iterator[ZipEntry]:
        for name, info in self._members.items():
            if not name.endswith("/"):
                yield ZipEntry(
                    name=name,
                    size=info.file_size,
                    stored=info.compress_size,
                    modified=_seconds(info.date_time),
                    encrypted=bool(info.flag_bits & 1),
                )

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            DocumentError: there is no such member, or it is damaged.
            EncryptedDocumentError: it needs a password.
            DocumentLimitError: it expands too far, or all reads together do.
        """
        info = self._members.get(name)
        if info is None:
            raise DocumentError(f"the zip archive has no member {name!r}")
        if info.flag_bits & 1:
            raise EncryptedDocumentError(f"{name!r} in the zip archive needs a password")
        try:
            with self._zip.open(info) as stream:
                data = read_bounded(
                    stream, info.compress_size, self._limits, spent=self._expanded, name=repr(name)
                )
        except NotImplementedError as error:
            raise DocumentError(f"{name!r} is compressed in a way that is not supported") from error
        except (DocumentError, MemoryError, RecursionError):
            raise
        except _DAMAGE as error:
            raise DocumentError(f"{name!r} in the zip archive is damaged") from error
        self._expanded += len(data)
        return data


def read_bounded(
    stream: IO[bytes], stored: int, limits: Limits, *, spent: int = 0, name: str = "the document"
) -> bytes:
    """All bytes of a stream that decompresses, as long as they stay within the limits.

    Args:
        stored: bytes it takes compressed.
        spent: bytes that other streams of the same document have taken of ``expanded_bytes``.
        name: what it is, for the message.

    Raises:
        DocumentLimitError: more than ``limits`` allow.
    """
    parts = list[bytes]()
    size = 0
    while part := stream.read(_STEP):
        parts.append(part)
        size += len(part)
        if spent + size > limits.expanded_bytes:
            raise DocumentLimitError(
                f"expands to more than {limits.expanded_bytes:,} bytes (limit expanded_bytes)"
            )
        if size > _STEP and size > limits.ratio * max(stored, 1):
            raise DocumentLimitError(
                f"{name} expands to more than {limits.ratio:g} times its size (limit ratio)"
            )
    return b"".join(parts)


def member_name(info: zipfile.ZipInfo) -> str:
    """The name of a member, with ``/`` between folders; in UTF-8 also where the archive does not say so."""
    name = info.filename
    if not info.flag_bits & 0x800 and not name.isascii():
        try:
            name = name.encode("cp437").decode("utf-8")
        except ValueError:
            name = info.filename
    return name.replace("\\", "/")


def safe_member_name(name: str) -> str:
    """A relative name for a file in a container: no drive, no root, no ``..``, no control characters.

    What is left of a name that has nothing else is ``unnamed``.
    """
    cleaned = "".join(char if char.isprintable() else "_" for char in name.replace("\\", "/"))
    parts = [re.sub(r"^(?:[A-Za-z]:)+", "", part).strip() for part in cleaned.split("/")]
    return "/".join(part for part in parts if part.strip(".")) or "unnamed"


def _too_many(limits: Limits) -> DocumentLimitError:
    return DocumentLimitError(f"the zip archive has more than {limits.members:,} members (limit members)")


def _directory_entries(data: bytes) -> int:
    """How many entries the directory may have, found before an object is made for each."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if end < 0:
        return 0
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    if size == 0xFFFFFFFF:
        wide = data.rfind(b"PK\x06\x06", max(0, end - 4096), end)
        size = int.from_bytes(data[wide + 40 : wide + 48], "little") if wide >= 0 else end
    # The records of the wide form stand between the directory and its end.
    return data.count(b"PK\x01\x02", max(0, end - size - 4096), end)


def _refuse_overlap(infos: list[zipfile.ZipInfo]) -> None:
    end = -1
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise DocumentLimitError("the zip archive has members that share the same bytes")
        end = info.header_offset + _LOCAL_HEADER + info.compress_size


def _seconds(stated: tuple[int, int, int, int, int, int]) -> int | None:
    """Archives without times state the first moment there is."""
    if stated <= (1980, 1, 1, 0, 0, 0):
        return None
    try:
        return int(dt.datetime(*stated, tzinfo=dt.UTC).timestamp())
    except ValueError:
        return None
