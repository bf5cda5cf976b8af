"""The public door: what ``mv2`` offers is what ``__all__`` lists, and nothing else."""

from __future__ import annotations

import inspect
import subprocess
import sys
import types as python_types

import mv2
from mv2 import errors, types

FUNCTIONS = {"open"}
CLASSES = {"Memvid"}
VALUES = {
    "Answer",
    "Citation",
    "Document",
    "Finding",
    "Frame",
    "Hit",
    "LockHolder",
    "Passage",
    "Prompt",
    "SearchResult",
    "Stats",
    "TimelineEntry",
    "Usage",
    "VacuumReport",
    "VerifyReport",
}


def error_names() -> set[str]:
    return {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Warning | errors.Error)
    }


def test_the_list_is_what_can_be_used() -> None:
    for name in mv2.__all__:
        assert hasattr(mv2, name), name
    assert len(set(mv2.__all__)) == len(mv2.__all__)
    public = {
        name
        for name, value in vars(mv2).items()
        if not name.startswith("_")
        and not isinstance(value, python_types.ModuleType)
        and name not in ("annotations", "TYPE_CHECKING")
    }
    assert public <= set(mv2.__all__)
    assert set(mv2.__all__) <= set(dir(mv2))


def test_everything_people_need_is_there() -> None:
    assert set(mv2.__all__) >= FUNCTIONS | CLASSES | VALUES | error_names() | {"__version__"}


def test_results_are_frozen_and_slotted() -> None:
    for name in VALUES:
        value = getattr(types, name)
        assert value.__dataclass_params__.frozen, name
        assert hasattr(value, "__slots__"), name
        assert value.__doc__, name


def test_every_error_is_drawn_in_the_tree_and_has_a_code() -> None:
    assert errors.__doc__ is not None
    for name in error_names():
        assert name in errors.__doc__, name
        assert getattr(errors, name).__doc__, name


def test_error_codes_are_stable() -> None:
    seen: dict[str, set[str]] = {}
    for name in error_names():
        value = getattr(errors, name)
        if issubclass(value, errors.Error):
            assert value.code.startswith("MV"), name
            assert len(value.code) == 5, name
            seen.setdefault(value.code, set()).add(name)
    # Only these share a code, because the original has one code for them.
    shared = {code for code, names in seen.items() if len(names) > 1}
    assert shared <= {"MV012", "MV033"}


def test_every_public_method_is_described() -> None:
    for name, value in inspect.getmembers(mv2.Memvid):
        if not name.startswith("_") and callable(value):
            assert inspect.getdoc(value), name


def test_a_star_import_works() -> None:
    code = "from mv2 import *; assert Memvid and Document"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
