"""Dataclasses that cost nothing until they are used.

``dataclasses.dataclass`` compiles up to six methods for every class when it is imported,
which for the records and results of a search takes longer than the search. Here
``__init__``, ``==`` and ``hash`` are compiled when they are first asked for, and the rest
is shared. Everything else is the standard library's: ``fields``, ``replace``, ``asdict``,
``match`` and type checkers see plain dataclasses, frozen ones refuse assignments.

``InitVar`` and ``order`` are not there.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
else:

    def dataclass(
        *, slots: bool = True, frozen: bool = False, kw_only: bool = False
    ) -> Callable[[type], type]:
        """Make the decorated class a dataclass, as the standard library's decorator does."""

        def make(cls: type) -> type:
            cls.__doc__ = cls.__doc__ or cls.__name__
            own = dict(vars(cls))
            made = dataclasses.dataclass(
                cls,
                init=False,
                repr=False,
                eq=False,
                slots=slots,
                kw_only=kw_only,
                frozen=_has_frozen_base(cls),
            )
            params = made.__dataclass_params__
            params.init = params.repr = params.eq = True
            params.frozen = frozen
            methods = {
                "__init__": _Late("__init__", _init),
                "__eq__": _Late("__eq__", _eq),
                "__repr__": _shown,
            }
            methods["__hash__"] = _Late("__hash__", _hash) if frozen else None
            methods |= _FROZEN if frozen else {}
            for name, method in methods.items():
                if name not in own or (name == "__hash__" and own[name] is None):
                    setattr(made, name, method)
            return made

        return make


class _Late:
    """Stands for a method until it is asked for; then the method takes its place."""

    __slots__ = ("_make", "_name")

    def __init__(self, name: str, make: Callable[[Any], Any]) -> None:
        self._name = name
        self._make = make

    def __get__(self, instance: object, owner: type) -> Any:
        for cls in owner.__mro__:
            # Nothing is found if another thread was here first.
            if vars(cls).get(self._name) is self:
                setattr(cls, self._name, self._make(cls))
        return getattr(owner if instance is None else instance, self._name)


def _has_frozen_base(cls: type) -> bool:
    """Whether the standard library must be told that the class is frozen, as one of its bases is."""
    found = (getattr(base, "__dataclass_params__", None) for base in cls.__mro__[1:])
    return any(params is not None and params.frozen for params in found)


def _compiled(cls: Any, name: str, arguments: list[str], body: list[str], names: dict[str, Any]) -> Any:
    """A method; its source holds nothing but the names of fields."""
    source = f"def {name}({', '.join(arguments)}):\n" + "".join(f" {line}\n" for line in body)
    exec(source, names)  # noqa: S102 - as dataclasses itself does
    method = names[name]
    method.__qualname__ = f"{cls.__qualname__}.{name}"
    method.__module__ = cls.__module__
    return method


def _init(cls: Any) -> Any:
    names: dict[str, Any] = {"_object": object, "_absent": _ABSENT}
    plain, keywords, body = list[str](), list[str](), list[str]()
    for item in dataclasses.fields(cls):
        value, argument = item.name, item.name
        if item.default_factory is not dataclasses.MISSING:
            names[f"_{item.name}"] = item.default_factory
            argument += "=_absent"
            value = f"_{item.name}()"
            if item.init:
                value += f" if {item.name} is _absent else {item.name}"
        elif item.default is not dataclasses.MISSING:
            names[f"_{item.name}"] = item.default
            argument += f"=_{item.name}"
            value = item.name if item.init else f"_{item.name}"
        elif not item.init:
            continue
        if item.init:
            (keywords if item.kw_only else plain).append(argument)
        body.append(_assignment(cls, item.name, value))
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    arguments = ["self", *plain, *(["*", *keywords] if keywords else [])]
    init = _compiled(cls, "__init__", arguments, body or ["pass"], names)
    init.__annotations__ = {one.name: one.type for one in dataclasses.fields(cls) if one.init}
    init.__annotations__["return"] = None
    return init


def _assignment(cls: Any, name: str, value: str) -> str:
    if cls.__dataclass_params__.frozen:
        return f"_object.__setattr__(self, {name!r}, {value})"
    return f"self.{name} = {value}"


def _values(cls: Any, owner: str) -> str:
    """The source of a tuple of what is compared."""
    named = [f"{owner}.{item.name}" for item in dataclasses.fields(cls) if item.compare]
    return f"({', '.join(named)}{',' if named else ''})"


def _eq(cls: Any) -> Any:
    same = f"return {_values(cls, 'self')} == {_values(cls, 'other')}"
    body = ["if other.__class__ is self.__class__:", f" {same}", "return NotImplemented"]
    return _compiled(cls, "__eq__", ["self", "other"], body, {})


def _hash(cls: Any) -> Any:
    return _compiled(cls, "__hash__", ["self"], [f"return hash({_values(cls, 'self')})"], {})


class _Absent:
    """The default of arguments whose value is made anew for each object."""

    def __repr__(self) -> str:
        return "<made anew>"


_ABSENT = _Absent()


def _shown(self: Any) -> str:
    items = (item for item in dataclasses.fields(self) if item.repr)
    shown = ", ".join(f"{item.name}={getattr(self, item.name)!r}" for item in items)
    return f"{type(self).__qualname__}({shown})"


def _refuse_assignment(self: Any, name: str, value: object) -> None:
    if _is_fixed(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _refuse_deletion(self: Any, name: str) -> None:
    if _is_fixed(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _is_fixed(self: Any, name: str) -> bool:
    """Fields are; so is everything else, unless a class that is no dataclass was derived."""
    return "__dataclass_fields__" in vars(type(self)) or name in type(self).__dataclass_fields__


def _state(self: Any) -> list[Any]:
    return [getattr(self, item.name) for item in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for item, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, item.name, value)


_FROZEN = {
    "__setattr__": _refuse_assignment,
    "__delattr__": _refuse_deletion,
    "__getstate__": _state,
    "__setstate__": _set_state,
}
