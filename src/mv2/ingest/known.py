"""What a memory holds of files already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from mv2._record import dataclass
from mv2.errors import CorruptFileError
from mv2.format.frame import ROLE_CHUNK, FrameRecord
from mv2.ingest.inside import inside, listed
from mv2.ingest.metadata import decode_metadata
from mv2.ingest.places import origin_of
from mv2.ingest.times import to_seconds
from mv2.storage.reserved import mime_of
from mv2.types import Origin

if TYPE_CHECKING:
    from mv2.storage.view import View

_LISTS = ("tags", "labels")


@dataclass(slots=True)
class KnownFile:
    """The active document of a uri."""

    frame_id: int
    record: FrameRecord
    origin: Origin
    view: View

    def has_stat(self, size: int, modified_ns: int | None) -> bool:
        """Whether the file had that size and time of modification when it was read."""
        origin = self.origin
        return modified_ns is not None and (origin.size, origin.modified_ns) == (size, modified_ns)

    def has_content(self, data: bytes, sha256: str) -> bool:
        """Whether the document was made of these bytes."""
        if self.origin.sha256 is not None:
            return self.origin.sha256 == sha256
        try:
            return self.view.content(self.frame_id) == data
        except CorruptFileError:
            return False

    def is_made_of(self, origin: Origin | None, fields: Mapping[str, Any]) -> bool:
        """Whether the document was made of the same bytes, and has these fields."""
        sha256 = None if origin is None else origin.sha256
        return sha256 is not None and self.origin.sha256 == sha256 and self.has_fields(fields)

    def uris(self) -> list[str | None]:
        """Its own uri, and those of the documents that were made of what is inside of it."""
        inner = inside(self.view, self.frame_id) if listed(self.record) else ()
        return [self.record.uri, *(self.view.record(frame_id).uri for frame_id in inner)]

    def has_fields(self, fields: Mapping[str, Any]) -> bool:
        """Whether the document has the fields that would be given to it."""
        return all(_has_field(self.record, name, value) for name, value in fields.items())


class KnownFiles:
    """Documents by uri and by the digest of the file they were read from, in one view.

    Args:
        leaving: documents that are no twins, because they will be deleted.
    """

    def __init__(self, view: View, leaving: Collection[int] = ()) -> None:
        self._view = view
        self._leaving = leaving
        self._twins: dict[str, str] | None = None

    def of(self, uri: str) -> KnownFile | None:
        """The active document of a uri, if there is one."""
        frame_id = self._view.active_id_of_uri(uri)
        if frame_id is None or self._view.role(frame_id) == ROLE_CHUNK:
            return None
        record = self._view.record(frame_id)
        origin = origin_of(record.extra_metadata)
        return KnownFile(frame_id, record, origin or Origin(), self._view)

    def twin(self, sha256: str, uri: str) -> str | None:
        """The uri of another document that was read from the same bytes."""
        if self._twins is None:
            self._twins = {}
            for frame_id in self._view.document_ids():
                record = self._view.record(frame_id)
                origin = origin_of(record.extra_metadata)
                if frame_id in self._leaving or "duplicate_of" in record.extra_metadata:
                    continue
                if origin is not None and origin.sha256 is not None and record.uri is not None:
                    self._twins.setdefault(origin.sha256, record.uri)
        found = self._twins.get(sha256)
        return None if found == uri else found

    def add(self, sha256: str, uri: str) -> None:
        """A document of that digest is on its way."""
        if self._twins is not None:
            self._twins.setdefault(sha256, uri)


def _has_field(record: FrameRecord, name: str, value: Any) -> bool:
    if name in _LISTS:
        return set(value) <= set(getattr(record, name))
    if name == "metadata":
        stored = decode_metadata(record.extra_metadata)
        return all(key in stored and stored[key] == item for key, item in value.items())
    if name == "timestamp":
        return value is None or to_seconds(value) == record.timestamp
    if name == "mime":
        media_type = None if record.metadata is None else record.metadata.mime
        return bool(value == mime_of(media_type, record.extra_metadata))
    return name in ("embedding", "embedding_model", "dedup") or getattr(record, name) == value
