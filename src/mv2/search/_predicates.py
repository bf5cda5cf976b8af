"""What the operators of a filter say of one value.

Types never cross: 1 equals 1.0 and nothing else, not True and not "1". Each
predicate is true of a list, too, if it is true of a member.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from mv2._record import dataclass

Number: TypeAlias = int | float

COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


def is_number(value: object) -> bool:
    """Whether it is an int or a float; bools are neither."""
    return type(value) is int or type(value) is float


def value_key(value: Any) -> Any:
    """Something hashable that two JSON values share just when they are equal here."""
    if isinstance(value, list | tuple):
        return "list", tuple(map(value_key, value))
    if isinstance(value, Mapping):
        return "dict", frozenset((key, value_key(item)) for key, item in value.items())
    if is_number(value):
        return "number", value
    return type(value).__name__, value


def microseconds(moment: dt.date) -> int:
    """Microseconds from 1970 to a date (its start) or a datetime; naive ones are UTC."""
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime(moment.year, moment.month, moment.day, tzinfo=dt.UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment - _EPOCH) // _MICROSECOND


def iso_microseconds(text: str) -> int | None:
    """Microseconds from 1970 to a date or a time such as 2024-03-05T14:00:00Z; None for other text."""
    if len(text) < 10 or text[4] != "-":
        return None
    try:
        return microseconds(dt.datetime.fromisoformat(text))
    except ValueError:
        return None


class Predicate:
    """Says yes or no to a value of a field."""

    def one(self, value: Any) -> bool:
        """Whether it is true of the value itself."""
        raise NotImplementedError

    def __call__(self, value: Any) -> bool:
        """Whether it is true of the value or, when that is a list, of a member."""
        return self.one(value) or (isinstance(value, list) and any(map(self.one, value)))


@dataclass(frozen=True, slots=True)
class Anything(Predicate):
    """``$exists``."""

    def one(self, value: Any) -> bool:  # noqa: ARG002 - any will do
        return True


@dataclass(frozen=True, slots=True)
class Among(Predicate):
    """``$eq`` and ``$in``: equal to one of some values.

    Attributes:
        moments: microseconds from 1970; strings that are dates equal them.
        others: ``value_key`` of booleans, None, lists and dictionaries.
    """

    texts: frozenset[str] = frozenset()
    numbers: frozenset[Number] = frozenset()
    moments: frozenset[int] = frozenset()
    others: frozenset[Any] = frozenset()

    @classmethod
    def of(cls, operands: Iterable[Any]) -> Among:
        """The predicate for operands that were checked before."""
        texts, numbers, moments, others = [], [], [], []
        for operand in operands:
            if isinstance(operand, str):
                texts.append(operand)
            elif is_number(operand):
                numbers.append(operand)
            elif isinstance(operand, dt.date):
                moments.append(microseconds(operand))
            else:
                others.append(value_key(operand))
        return cls(frozenset(texts), frozenset(numbers), frozenset(moments), frozenset(others))

    @property
    def only_scalars(self) -> bool:
        """Whether nothing but strings, numbers, booleans and None can be equal."""
        return not self.moments and not any(key[0] in ("list", "dict") for key in self.others)

    def scalars(self) -> list[Any]:
        """Strings, numbers, booleans and None it is true of, dates left out."""
        others = [key[1] for key in self.others if key[0] not in ("list", "dict")]
        return [*self.texts, *self.numbers, *others]

    def one(self, value: Any) -> bool:
        if type(value) is str:
            if value in self.texts:
                return True
            return bool(self.moments) and iso_microseconds(value) in self.moments
        if is_number(value):
            return value in self.numbers
        try:
            return bool(self.others) and value_key(value) in self.others
        except RecursionError:
            return False


@dataclass(frozen=True, slots=True)
class Compared(Predicate):
    """``$gt $gte $lt $lte`` with a number or a string."""

    name: str
    operand: Number | str

    def one(self, value: Any) -> bool:
        same = type(value) is str if isinstance(self.operand, str) else is_number(value)
        return same and COMPARISONS[self.name](value, self.operand)


@dataclass(frozen=True, slots=True)
class ComparedTime(Predicate):
    """The same with a date: true of strings that are dates."""

    name: str
    moment: int

    def one(self, value: Any) -> bool:
        found = iso_microseconds(value) if type(value) is str else None
        return found is not None and COMPARISONS[self.name](found, self.moment)


@dataclass(frozen=True, slots=True)
class Contains(Predicate):
    """``$contains``: part of a string, or a member of a list."""

    part: str | None
    member: Among

    def one(self, value: Any) -> bool:
        return self.part is not None and type(value) is str and self.part in value

    def __call__(self, value: Any) -> bool:
        return any(map(self.member.one, value)) if isinstance(value, list) else self.one(value)


@dataclass(frozen=True, slots=True)
class Starts(Predicate):
    """``$startswith``."""

    beginning: str

    def one(self, value: Any) -> bool:
        return type(value) is str and value.startswith(self.beginning)
