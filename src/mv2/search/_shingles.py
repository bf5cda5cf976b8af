"""Word shingles of many texts at once, as numbers.

A shingle is three words in a row; words are runs of letters, digits and
underscores in lower case, and single characters of scripts that are written
without spaces. Each is hashed to 44 bits: equal shingles have equal numbers,
and among a hundred million different ones few share theirs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]

HASH_BITS: Final = 44
WORDS: Final = 3
#: Texts that are hashed together at most.
MOST_TEXTS: Final = 1 << 16
_BASE: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_WEIGHTS: Final = (
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
    np.uint64(0x27D4EB2F165667C5),
)
_SHIFT: Final = np.uint64(64 - HASH_BITS)
_HASH_MASK: Final = np.uint64((1 << HASH_BITS) - 1)
_IS_WORD: Final = np.array([byte >= 0x80 or chr(byte).isalnum() or byte == 95 for byte in range(256)])
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


class Shingles(NamedTuple):
    """Distinct shingles of texts.

    Attributes:
        hashes: uint64, ascending within each text.
        starts: where each text begins in ``hashes``, and one more: the end.
    """

    hashes: Numbers
    starts: NDArray[np.intp]


def shingles(texts: Sequence[str]) -> Shingles:
    """The distinct shingles of up to ``MOST_TEXTS`` texts.

    A text of one or two words is one shingle, a text without words has none.
    """
    pieces = [_spaced(text).encode("utf-8", "surrogatepass") for text in texts]
    lengths = np.array([len(piece) + 1 for piece in pieces], np.intp)
    raw = np.frombuffer(b"\0".join([*pieces, b""]), np.uint8)
    words, holders = _words(raw, np.cumsum(lengths))
    first, second, third = _WEIGHTS
    # A run of three begins at every word but the last two of its text …
    runs = np.flatnonzero(holders[2:] == holders[:-2])
    joined = words[runs] * first + words[runs + 1] * second + words[runs + 2] * third
    # … and a shorter text counts as one run that ends with its last word.
    lone = np.bincount(holders, minlength=len(texts))[holders] < WORDS
    lasts = np.flatnonzero(lone & np.append(holders[1:] != holders[:-1], np.ones(min(1, len(holders)), bool)))
    before = np.maximum(lasts - 1, 0)
    paired = (before != lasts) & (holders[before] == holders[lasts])
    alone = words[lasts] * third + np.where(paired, words[before] * second, np.uint64(0))
    owners = np.concatenate([holders[runs], holders[lasts]])
    return _distinct(_mixed(np.concatenate([joined, alone])), owners, len(texts))


def _spaced(text: str) -> str:
    lowered = text.lower()
    return lowered if lowered.isascii() else _UNSPACED.sub(r" \g<0> ", lowered)


def _words(raw: NDArray[np.uint8], ends: NDArray[np.intp]) -> tuple[Numbers, NDArray[np.intp]]:
    """Hash of every word, and the text it stands in."""
    inside = _IS_WORD[raw]
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if len(inside) and inside[0]:
        edges = np.concatenate([[0], edges])
    starts, stops = edges[::2], edges[1::2]  # the buffer ends with a zero, so every word is closed
    powers, inverses = _powers(len(raw))
    sums = np.concatenate([[np.uint64(0)], np.cumsum(raw * powers, dtype=np.uint64)])
    hashes = (sums[stops] - sums[starts]) * inverses[starts]
    return _mixed(hashes), np.searchsorted(ends, starts, side="right")


def _powers(length: int) -> tuple[Numbers, Numbers]:
    """Powers of the base and of its inverse, modulo 2^64."""
    found = []
    for base in (_BASE, _INVERSE):
        factors = np.full(length, base, np.uint64)
        factors[:1] = 1
        found.append(np.cumprod(factors, dtype=np.uint64))
    return found[0], found[1]


def _mixed(numbers: Numbers) -> Numbers:
    mixed = (numbers ^ (numbers >> np.uint64(33))) * _MIX
    return mixed ^ (mixed >> np.uint64(29))


def _distinct(hashes: Numbers, owners: NDArray[np.intp], count: int) -> Shingles:
    keys = owners.astype(np.uint64) << np.uint64(HASH_BITS) | hashes >> _SHIFT
    keys.sort()
    if len(keys):
        keys = keys[np.append(True, keys[1:] != keys[:-1])]
    starts = np.searchsorted(keys >> np.uint64(HASH_BITS), np.arange(count + 1, dtype=np.uint64))
    return Shingles(keys & _HASH_MASK, starts)
