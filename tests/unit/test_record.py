"""Classes made by ``mv2._record`` behave as the standard library's dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import re
import subprocess
import sys
import threading
from dataclasses import field

import pytest

from mv2._late import late_pattern
from mv2._record import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 2
    names: tuple[str, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """With a docstring."""

    name: str
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


@dataclass(slots=True)
class Open:
    value: int
    twice: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.twice = 2 * self.value


@dataclass(frozen=True, slots=True)
class Further(Point):
    z: int = 3


# The same by the standard library.
Standard = dataclasses.make_dataclass(
    "Standard",
    [("x", int), ("y", int, 2), ("names", tuple, field(default_factory=tuple))],
    frozen=True,
    slots=True,
)


def test_the_standard_library_sees_dataclasses() -> None:
    assert dataclasses.is_dataclass(Point)
    assert [one.name for one in dataclasses.fields(Further)] == ["x", "y", "names", "z"]
    assert dataclasses.replace(Point(1), y=5) == Point(1, 5)
    assert dataclasses.asdict(Named(name="a", tags=["b"])) == {"name": "a", "tags": ["b"], "note": ""}
    assert Point.__match_args__ == ("x", "y", "names")  # type: ignore[attr-defined]
    assert Named.__match_args__ == ()  # type: ignore[attr-defined]
    params = Point.__dataclass_params__  # type: ignore[attr-defined]
    assert (params.frozen, params.eq, params.init, params.repr) == (True, True, True, True)
    assert Named.__doc__ == "With a docstring."
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_arguments_are_checked_and_described() -> None:
    for made, arguments, named in (
        (Point, (), {}),
        (Point, (1, 2, (), 4), {}),
        (Point, (1,), {"w": 2}),
        (Named, ("a",), {}),
    ):
        with pytest.raises(TypeError):
            made(*arguments, **named)  # type: ignore[operator]
    shown = [
        (p.name, p.kind, p.annotation)
        for made in (Point, Standard)
        for p in inspect.signature(made).parameters.values()
    ]
    assert [one[:2] for one in shown[:3]] == [one[:2] for one in shown[3:]]
    assert shown[0][2] == "int"


def test_equality_hash_and_repr() -> None:
    assert Point(1) == Point(1, 2)
    assert Point(1) != Point(2)
    assert Point(1) != Further(1)
    assert Point(1).__eq__(3) is NotImplemented
    assert hash(Point(1)) == hash(Point(1, 2)) == hash((1, 2, ()))
    assert len({Point(1), Point(1), Further(1)}) == 2
    assert Named(name="a", note="x") == Named(name="a", note="y")
    assert repr(Point(1)) == "Point(x=1, y=2, names=())"
    assert repr(Named(name="a", note="x")) == "Named(name='a', tags=[])"
    with pytest.raises(TypeError):
        hash(Open(1))


def test_frozen_ones_refuse_changes() -> None:
    point = Further(1)
    for name in ("x", "z", "other"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(point, name, 5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x  # type: ignore[misc]
    assert not hasattr(point, "__dict__")
    changed = Open(2)
    changed.value = 7
    assert (changed.value, changed.twice) == (7, 4)
    with pytest.raises(AttributeError):
        changed.other = 1  # type: ignore[attr-defined]


def test_copies_and_pickles() -> None:
    for value in (Further(1, 2, ("a",)), Named(name="a", tags=["b"]), Open(3)):
        assert copy.copy(value) == value
        assert copy.deepcopy(value) == value
        assert pickle.loads(pickle.dumps(value)) == value


def test_defaults_are_not_shared() -> None:
    one, two = Named(name="a"), Named(name="b")
    one.tags.append("x")
    assert two.tags == []


def test_a_derived_class_without_fields_may_have_attributes() -> None:
    class Loose(Point):
        pass

    loose = Loose(1)
    loose.colour = "red"  # type: ignore[attr-defined]
    assert loose.colour == "red"  # type: ignore[attr-defined]
    with pytest.raises(dataclasses.FrozenInstanceError):
        loose.x = 2  # type: ignore[misc]


def test_what_a_class_defines_itself_stays() -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        value: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Odd) and self.value % 2 == other.value % 2

        def __hash__(self) -> int:
            return self.value % 2

        def __repr__(self) -> str:
            return "odd"

    assert Odd(1) == Odd(3)
    assert hash(Odd(3)) == 1
    assert repr(Odd(1)) == "odd"


def test_threads_may_make_the_first_one_at_once() -> None:
    for _ in range(50):

        @dataclass(frozen=True, slots=True)
        class Fresh:
            value: int

        made: list[Fresh] = []
        start = threading.Barrier(4)

        def make(
            kind: type[Fresh] = Fresh, made: list[Fresh] = made, start: threading.Barrier = start
        ) -> None:
            start.wait()
            made.append(kind(1))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [Fresh(1)] * 4
        assert {hash(one) for one in made} == {hash((1,))}


def test_nothing_is_compiled_before_it_is_used() -> None:
    code = (
        "import mv2.types, mv2._record as r; names = []; real = r._compiled\n"
        "r._compiled = lambda *a: names.append((a[0].__name__, a[1])) or real(*a)\n"
        "mv2.types.Commit(number=1, at=None, frame_count=2); print(names)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == "[('Commit', '__init__')]", ran.stderr


def test_patterns_are_compiled_at_their_first_use() -> None:
    late = late_pattern(r"(a+)b", 0)
    assert late.pattern == r"(a+)b"
    found = late.search("xaab")
    assert found is not None
    assert found[1] == "aa"
    assert late.sub("-", "ab ab") == "- -"
    assert late.findall("ab aab") == ["a", "aa"]
    assert late.groups == 1
    with pytest.raises(re.error):
        late_pattern("(").search("x")
