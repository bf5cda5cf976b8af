"""LanceDB folders: a document a row, vectors with them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from mv2.errors import DocumentError, InvalidArgumentError, MissingExtraError
from mv2.exchange.importers._bundle import Bundle
from mv2.exchange.importers._rows import AUTO, Columns, Place
from mv2.exchange.importers.arrow import documents
from mv2.exchange.items import Item

_SCHEME = "mv2://lancedb/"


def sniff(bundle: Bundle) -> float:
    """How sure it is that this is a LanceDB folder, or one table of it, 0 to 1."""
    if bundle.kind != "folder":
        return 0.0
    tables = [bundle.path] if bundle.path.suffix == ".lance" else sorted(bundle.path.glob("*.lance"))
    return 1.0 if any((table / "_versions").is_dir() for table in tables) else 0.0


def read(
    source: str | os.PathLike[str],
    *,
    table: str | None = None,
    text: str | Sequence[str] = AUTO,
    title: str | None = AUTO,
    id: str | None = AUTO,
    timestamp: str | None = AUTO,
    tags: str | None = AUTO,
    embedding: str | None = AUTO,
    metadata: str | Sequence[str] | None = AUTO,
) -> Iterator[Item]:
    """Read the tables of a LanceDB folder.

    Args:
        table: only this one; None reads all.
        text, title, id, timestamp, tags, embedding, metadata: as in ``Columns``.

    Raises:
        MissingExtraError: lancedb is not installed.
        DocumentError: it cannot be read.
        InvalidArgumentError: the table, or a column that was named, does not exist.
    """
    bundle = Bundle(source)
    folder = bundle.path
    if folder.suffix == ".lance":
        table, folder = folder.stem, folder.parent
    database = _connect(str(folder))
    names = sorted(path.stem for path in folder.glob("*.lance") if path.is_dir())
    if table is not None and table not in names:
        raise InvalidArgumentError(
            f"{folder} has no table {table!r}", remedy=f"Tables: {', '.join(names) or 'none'}."
        )
    columns = Columns(
        text=text, title=title, id=id, timestamp=timestamp, tags=tags, embedding=embedding, metadata=metadata
    )
    for name in names if table is None else [table]:
        place = Place(name=name, where=f"{name}.lance", source_path=str(folder), scheme=_SCHEME)
        try:
            batches = database.open_table(name).search().to_batches()
            yield from documents(batches, columns, place)
        except (OSError, RuntimeError, ValueError) as error:
            if isinstance(error, InvalidArgumentError):
                raise
            raise DocumentError(
                f"the table {name} of {folder} cannot be read: {error}", path=folder
            ) from error


def _connect(folder: str) -> Any:
    try:
        import lancedb
    except ImportError as error:
        raise MissingExtraError(
            "LanceDB folders are read with lancedb, which is not installed", remedy="pip install lancedb"
        ) from error
    return lancedb.connect(folder)
