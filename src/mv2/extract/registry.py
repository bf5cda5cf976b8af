"""The readers there are, and which of them reads a document."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

from mv2.errors import (
    DocumentError,
    EncryptedDocumentError,
    MissingExtraError,
    UnsupportedDocumentError,
)
from mv2.extract._kinds import BUILT_IN, UNREAD
from mv2.extract._plugins import Plugins, offers

if TYPE_CHECKING:
    from mv2.extract.detect import FileType
    from mv2.extract.model import Reader, ReadFunction

ENCRYPTED = "application/x-encrypted-office"
_BY_NAME = {reader.name: reader for reader in BUILT_IN}


class Registry:
    """The readers of mv2, and those that other packages offer.

    Args:
        plugins: None looks for those that are installed, at the first need.
    """

    def __init__(self, plugins: Plugins | None = None) -> None:
        self._plugins = plugins
        self._functions: dict[str, ReadFunction] = {}

    @property
    def plugins(self) -> Plugins:
        """Those of other packages."""
        if self._plugins is None:
            self._plugins = Plugins(offers())
        return self._plugins

    def readers(self) -> tuple[Reader, ...]:
        """All of them; one of another package stands in the place of one with the same name."""
        taken = {reader.name: reader for reader in self.plugins.all()}
        mine = [taken.pop(reader.name, reader) for reader in BUILT_IN]
        return (*mine, *taken.values())

    def named(self, name: str) -> Reader:
        """The reader of that name.

        Raises:
            UnsupportedDocumentError: there is none.
            DocumentError: it is a plug-in that cannot be loaded.
        """
        if name in self.plugins:
            found = self.plugins.get(name)
            if found is None and name not in _BY_NAME:
                raise DocumentError(
                    f"the reader plug-in {name!r} cannot be loaded: {self.plugins.broken[name]}"
                )
            if found is not None:
                return found
        if name not in _BY_NAME:
            known = ", ".join(sorted({*_BY_NAME, *self.plugins.names()}))
            raise UnsupportedDocumentError(f"there is no reader {name!r}", remedy=f"There are {known}")
        return _BY_NAME[name]

    def reader_for(self, filetype: FileType, data: bytes = b"", name: str = "") -> Reader:
        """The reader for a document of that type.

        Readers of other packages are asked when the type has none, or is one that many kinds of
        files share (plain text, zip, XML).

        Args:
            data, name: of the document, for those readers.

        Raises:
            UnsupportedDocumentError: there is none; the message says what the document is.
            EncryptedDocumentError: the whole document needs a password.
        """
        if (filetype.reader is None or filetype.shared) and self.plugins.names():
            found = self._claimed(filetype.mime, data, name)
            if found is not None:
                return found
        if filetype.reader is not None:
            return self.named(filetype.reader)
        if filetype.mime == ENCRYPTED:
            raise EncryptedDocumentError("the document needs a password")
        raise _unsupported(filetype.mime)

    def _claimed(self, mime: str, data: bytes, name: str) -> Reader | None:
        """The plug-in whose signature the content has, else whose ending the name, else whose type."""
        candidates = [reader for reader in self.plugins.all() if reader.name not in _BY_NAME]
        for reader in candidates:
            if any(magic and data.startswith(magic, offset) for offset, magic in reader.magic):
                return reader
        lowered = name.lower()
        for reader in candidates:
            if any(lowered.endswith(f".{ending.lower()}") for ending in reader.extensions if ending):
                return reader
        return next((reader for reader in candidates if mime in reader.mimes), None)

    def function(self, reader: Reader) -> ReadFunction:
        """What reads, imported.

        Raises:
            MissingExtraError: a package it needs is not installed.
        """
        if callable(reader.read):
            return reader.read
        if reader.read not in self._functions:
            for module in reader.needs:
                if importlib.util.find_spec(module) is None:
                    raise missing(reader, module)
            try:
                place, _, attribute = reader.read.partition(":")
                self._functions[reader.read] = getattr(importlib.import_module(place), attribute)
            except ImportError as error:
                if error.name and not error.name.startswith("mv2.") and reader.extra:
                    raise missing(reader, error.name) from error
                raise DocumentError(f"the reader {reader.name!r} cannot be imported: {error}") from error
        return self._functions[reader.read]


def missing(reader: Reader, module: str) -> MissingExtraError:
    """The error that says what to install for a reader."""
    install = f"mv2[{reader.extra}]" if reader.extra else module
    return MissingExtraError(
        f"reading {reader.name} documents needs the package {module.partition('.')[0]!r}",
        remedy=f"pip install '{install}'",
    )


def _unsupported(mime: str) -> UnsupportedDocumentError:
    kind = mime.partition("/")[0]
    if mime in UNREAD:
        what, remedy = UNREAD[mime]
    elif kind in {"video", "audio", "image", "font"}:
        what, remedy = f"{kind} ({mime})", None
    else:
        what, remedy = mime, None
    return UnsupportedDocumentError(f"the document is {what}, which no reader reads", remedy=remedy)


_INSTALLED = Registry()


def readers() -> tuple[Reader, ...]:
    """All readers: those of mv2 and those of installed packages."""
    return _INSTALLED.readers()


def reader_for(filetype: FileType, data: bytes = b"", name: str = "") -> Reader:
    """The reader for a document of that type; see ``Registry.reader_for``."""
    return _INSTALLED.reader_for(filetype, data, name)


def broken_plugins() -> dict[str, str]:
    """Why readers of installed packages cannot be used, by name; loads all of them."""
    _INSTALLED.plugins.all()
    return dict(_INSTALLED.plugins.broken)
