"""Records behave as the standard library's dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from mv2.format.catalogue import VecSegmentDescriptor
from mv2.format.frame import FrameRecord
from mv2.format.wal import FrameEntry


def test_records_are_dataclasses() -> None:
    entry = FrameEntry(5, uri="mv2://a", tags=["x"])
    assert dataclasses.is_dataclass(entry)
    assert len(dataclasses.fields(FrameEntry)) == 27
    assert len(dataclasses.fields(FrameRecord)) == 30
    changed = dataclasses.replace(entry, parent_sequence=3)
    assert (changed.parent_sequence, changed.uri, entry.parent_sequence) == (3, "mv2://a", None)
    assert copy.copy(entry) == entry
    assert pickle.loads(pickle.dumps(entry)) == entry
    assert entry != changed
    assert entry != "entry"
    assert "uri='mv2://a'" in repr(entry)


def test_defaults_are_not_shared() -> None:
    one, two = FrameRecord(id=1, timestamp=2), FrameRecord(1, 2)
    one.tags.append("x")
    one.extra_metadata["k"] = "v"
    assert (two.tags, two.extra_metadata) == ([], {})


def test_wrong_arguments() -> None:
    with pytest.raises(TypeError):
        FrameRecord(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        FrameRecord(1, 2, colour="red")  # type: ignore[call-arg]
    record = FrameRecord(1, 2)
    with pytest.raises(AttributeError):
        record.colour = "red"  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        hash(record)


def test_descriptors_inherit_their_fields() -> None:
    one = VecSegmentDescriptor(1, 2, 3, bytes(32), vector_count=4, dimension=5)
    assert (one.segment_id, one.build_sequence, one.span, one.dimension) == (1, 0, None, 5)
    assert not hasattr(one, "__dict__")
