"""Exact conditions on a frame's record, and the forms that text takes for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mv2.index.lexical import ascii_lower, lower, tokens
from mv2.search._patterns import CHANGED
from mv2.search.nodes import During, Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mv2.search.source import RecordView

CHUNK_ROLE: Final = 1
# Words whose stem is not their own beginning with at most the last character changed.
_IRREGULAR: Final = {"die": "d", "lie": "l", "tie": "t"}


def holds(condition: Field | During, record: RecordView) -> bool:
    """Whether `condition` is true of the frame."""
    if isinstance(condition, During):
        after = condition.start is None or record.timestamp >= condition.start
        return after and (condition.end is None or record.timestamp < condition.end)
    value = condition.value
    match condition.name:
        case "tag":
            return _among(value, record.tags)
        case "label":
            return _among(value, record.labels)
        case "track":
            return record.track is not None and lower(record.track) == lower(value)
        case "kind":
            return record.kind is not None and lower(record.kind) == lower(value)
        case "title":
            return record.title is not None and occurrences(tokens(record.title), tokens(value)) > 0
        case _:
            return _uri_matches(condition, record.uri)


def uri_pattern(condition: Field) -> tuple[str, bool]:
    """(value in ASCII lower case, whether it is only the beginning) of a uri or scope condition."""
    value = ascii_lower(condition.value)
    starred = len(value) > 1 and value.endswith("*")
    return (value[:-1] if starred else value), starred or condition.name == "scope"


def _uri_matches(condition: Field, uri: str | None) -> bool:
    if uri is None:
        return False
    value, beginning = uri_pattern(condition)
    found = ascii_lower(uri)
    return found.startswith(value) if beginning else found == value


def _among(value: str, values: Sequence[str]) -> bool:
    wanted = lower(value)
    return any(lower(each) == wanted for each in values)


def occurrences(sequence: Sequence[str], part: Sequence[str]) -> int:
    """How many times `part` (not empty, else 0) stands in `sequence` without a gap."""
    if not part:
        return 0
    wanted, size, count, start = list(part), len(part), 0, 0
    while True:
        try:
            start = sequence.index(wanted[0], start)
        except ValueError:
            return count
        count += sequence[start : start + size] == wanted
        start += 1


def within(sequence: Sequence[str], wanted: Sequence[str], span: int) -> bool:
    """Whether all of `wanted` (each once) stand among some `span` neighbours of `sequence`."""
    last: dict[str, int] = {}
    for place, item in enumerate(sequence):
        if item in wanted:
            last[item] = place
            if len(last) == len(wanted) and place - min(last.values()) < span:
                return True
    return False


def needle(stem: str) -> str:
    """Text that stands in the lower case of every word with this stem.

    Stemming cuts endings and changes at most the last character of what is left.
    """
    if stem in _IRREGULAR:
        return _IRREGULAR[stem]
    return stem if stem[-1].isdigit() or len(stem) == 1 else stem[:-1]


def prefix_needle(start: str) -> str:
    """Text that stands in the lower case of every word that `begins` with `start`."""
    if not start.isascii() or any(stem.startswith(start) for stem in _IRREGULAR):
        return ""
    return start[:-1]


def cut_stems(start: str) -> list[str]:
    """Stems that words beginning with `start` may have although they do not begin with it themselves."""
    found = {
        start[: end - 1] + last for end in range(2, len(start) + 1) for last in (start[end - 1], *CHANGED)
    }
    if len(start) > 1:
        found.update(stem for stem in _IRREGULAR if (stem[0] + "ying").startswith(start))
    return sorted(stem for stem in found if not stem.startswith(start))


def begins(word: str, stem: str, start: str) -> bool:
    """Whether a word (lower case) with this stem counts as beginning with `start`."""
    return word.startswith(start) or stem.startswith(start)
