"""Putting the files of an index where tantivy can open them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mv2.errors import CorruptFileError
from mv2.index import _schema as schema
from mv2.index._workdir import Buffer, WorkDir, check_name, fill

if TYPE_CHECKING:
    from collections.abc import Iterable


def materialise(files: Iterable[tuple[str, Buffer]], *, room: int = 0) -> tuple[WorkDir, dict[str, Any]]:
    listed = [(check_name(name), data) for name, data in files if name != schema.MANAGED]
    by_name = dict(listed)
    if schema.META not in by_name:
        raise CorruptFileError("the lexical index has no meta.json", remedy="Rebuild the index.")
    meta = schema.read_meta(bytes(by_name[schema.META]))
    listed.append((schema.MANAGED, schema.managed_list(by_name)))
    return fill(listed, room=room), meta
