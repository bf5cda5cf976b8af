"""SQLite databases, opened so that nothing about them changes."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mv2.errors import DocumentError

MAGIC: Final = b"SQLite format 3\0"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection. Of a database in use, what its log still holds is read as well.

    Raises:
        DocumentError: it is no SQLite database, or is damaged; errors inside the block too.
    """
    # A database without a log is opened as one that never changes: then not even a lock is taken,
    # and folders that cannot be written to are no obstacle.
    log = Path(f"{path}-wal")
    still = not (log.exists() and log.stat().st_size)
    uri = path.absolute().as_uri() + ("?mode=ro&immutable=1" if still else "?mode=ro")
    connection = None
    try:
        connection = sqlite3.connect(uri, uri=True)
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.execute("PRAGMA query_only = 1")
        connection.execute("SELECT count(*) FROM sqlite_master")
        yield connection
    except sqlite3.Error as error:
        raise DocumentError(f"{os.fspath(path)} cannot be read: {error}", path=path) from error
    finally:
        if connection is not None:
            connection.close()


def tables(connection: sqlite3.Connection) -> list[str]:
    """Names of its tables and views."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    return [name for (name,) in found]


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'
