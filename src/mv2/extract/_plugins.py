"""Readers that other packages offer under the entry point group ``mv2.readers``.

An entry point has the name of its reader; one with the name of a reader of mv2 takes its
place. None is loaded before a document asks for it.
"""

from __future__ import annotations

import importlib
from typing import TypeAlias

from mv2.extract.model import Reader

GROUP = "mv2.readers"

Offer: TypeAlias = tuple[str, str]
"""Name of a reader, and ``module:object`` where it is."""


class Plugins:
    """What other packages offer, loaded when it is first needed.

    Attributes:
        broken: why a reader cannot be used, by its name.
    """

    def __init__(self, offers: tuple[Offer, ...]) -> None:
        self._offers = dict(offers)
        self._loaded: dict[str, Reader] = {}
        self.broken: dict[str, str] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._offers

    def names(self) -> list[str]:
        """Names of those offered, also of the broken ones."""
        return sorted(self._offers)

    def get(self, name: str) -> Reader | None:
        """The reader of that name; None when there is none or it is broken."""
        if name not in self._loaded and name in self._offers and name not in self.broken:
            try:
                self._loaded[name] = _load(name, self._offers[name])
            except Exception as error:  # noqa: BLE001 - whatever foreign code may raise
                self.broken[name] = f"{type(error).__name__}: {error}"[:500]
        return self._loaded.get(name)

    def all(self) -> list[Reader]:
        """Every one that can be loaded."""
        return [reader for name in self.names() if (reader := self.get(name)) is not None]


def offers() -> tuple[Offer, ...]:
    """What the installed packages offer; reads their metadata, imports none of them."""
    from importlib.metadata import entry_points

    try:
        return tuple(sorted({(point.name, point.value) for point in entry_points(group=GROUP)}))
    except (OSError, ValueError):
        return ()


def _load(name: str, place: str) -> Reader:
    module, _, attribute = place.partition("[")[0].strip().partition(":")
    found: object = importlib.import_module(module.strip())
    for part in attribute.strip().split(".") if attribute else ():
        found = getattr(found, part)
    if not isinstance(found, Reader):
        raise TypeError(f"{place} is a {type(found).__name__}, not a mv2 Reader")
    if found.name != name:
        raise ValueError(f"{place} calls itself {found.name!r}, its entry point {name!r}")
    return found
