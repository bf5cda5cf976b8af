"""Each limit holds, and what is refused because of it says its name."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from dataclasses import fields

import pytest

from mv2.errors import DocumentLimitError
from mv2.extract.model import Limits, ReadOptions, Source
from mv2.extract.pool import ReaderPool


def zipped(members: int, size: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"{number}.txt", bytes(size))
    return target.getvalue()


# What is read, and the value that it breaks.
BROKEN: dict[str, tuple[bytes, str, float]] = {
    "seconds": (b"a,b\n" * 300_000, "a.csv", 0.05),
    "memory_bytes": (b"[" + b"[]," * 400_000 + b"0]", "a.json", 8 << 20),
    "text_chars": (b"word " * 100, "a.txt", 499),
    "expanded_bytes": (zipped(3, 1000), "a.zip", 2999),
    "ratio": (zipped(1, 2 << 20), "a.zip", 10),
    "members": (zipped(3, 1), "a.zip", 2),
    "depth": (json.dumps([[[["deep"]]]]).encode(), "a.json", 3),
    "table_cells": (b"a,b\n1,2\n3,4\n", "a.csv", 3),
}


def test_there_is_a_case_for_each_limit() -> None:
    assert list(BROKEN) == [one.name for one in fields(Limits)]


@pytest.mark.parametrize("name", BROKEN)
def test_the_limit_holds(name: str) -> None:
    if name == "memory_bytes" and sys.platform != "linux":
        pytest.skip("memory is limited on Linux")
    data, file, value = BROKEN[name]
    whole = value if name in {"seconds", "ratio"} else int(value)
    with ReaderPool(1, ReadOptions(archives=True, limits=Limits(**{name: whole}))) as pool:
        outcome = pool.read_one(Source(data=data, name=file))
    assert isinstance(outcome.error, DocumentLimitError), outcome.error
    assert f"limit {name}" in str(outcome.error)
    with ReaderPool(1, ReadOptions(archives=True, limits=Limits(ratio=1e9))) as pool:
        outcome = pool.read_one(Source(data=data, name=file))
    assert outcome.error is None
