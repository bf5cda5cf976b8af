"""Dataclasses that cost nothing until they are used.

``dataclasses.dataclass`` compiles three methods for every class when it is
imported, which for all records of the format takes longer than opening a
file. Here ``__init__`` is compiled at the first call, and ``==`` and ``repr``
are shared. Everything else is the standard library's: ``fields``,
``replace`` and type checkers see plain dataclasses with slots.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
else:

    def dataclass(*, slots: bool = True) -> Callable[[type], type]:
        """Make the decorated class a record; only ``slots=True`` is meant."""

        def make(cls: type) -> type:
            made = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=slots)
            made.__init__ = _first_init
            made.__eq__ = _equal
            made.__repr__ = _shown
            made.__hash__ = None
            return made

        return make


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Stand in for ``__init__`` until the first instance is made."""
    owner: Any = next(one for one in type(self).__mro__ if vars(one).get("__init__") is _first_init)
    owner.__init__ = _compiled_init(owner)
    owner.__init__(self, *args, **kwargs)


def _compiled_init(cls: Any) -> Any:
    """Return ``__init__(self, <fields in order>)``; the source holds nothing but the fields' names."""
    names: dict[str, Any] = {}
    head, body = ["self"], []
    for item in dataclasses.fields(cls):
        value = item.name
        if item.default_factory is not dataclasses.MISSING:
            names[f"_{item.name}"] = item.default_factory
            head.append(f"{item.name}=_{item.name}")
            value = f"_{item.name}() if {item.name} is _{item.name} else {item.name}"
        elif item.default is not dataclasses.MISSING:
            names[f"_{item.name}"] = item.default
            head.append(f"{item.name}=_{item.name}")
        else:
            head.append(item.name)
        body.append(f" self.{item.name} = {value}\n")
    source = f"def __init__({', '.join(head)}):\n{''.join(body)}"
    exec(source, names)  # noqa: S102 - as dataclasses itself does
    init = names["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return all(getattr(self, one.name) == getattr(other, one.name) for one in dataclasses.fields(self))


def _shown(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self))
    return f"{type(self).__qualname__}({shown})"
