"""Groups of documents that are nearly the same.

Two documents are compared by the share of their word shingles that they have in
common (Jaccard similarity). Candidates come from prefix filtering (Chaudhuri,
Ganti, Kaushik: "A primitive operator for similarity joins", 2006): with all
shingles in one order, rare ones first, two sets of which a share ``t`` is
common must have one in common among the first ``n - ceil(t * n) + 1`` of each.
So those few shingles are the sketch of a document, and no pair is missed by
chance. Every candidate is verified before it is reported.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from mv2.errors import CorruptFileError, InvalidArgumentError
from mv2.format.checksum import digest
from mv2.format.frame import ROLE_CHUNK
from mv2.search._shingles import HASH_BITS, MOST_TEXTS, Shingles, shingles
from mv2.types import DuplicateGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from mv2.storage.view import View

    Numbers = NDArray[np.uint64]

_BATCH_TEXTS: Final = 4096
_BATCH_CHARACTERS: Final = 4 << 20
_COUNTERS: Final = 1 << 22
#: Documents that share a sketched shingle are compared with so many of those next to them in the order
#: of ids: enough for all pairs but where very many documents are nearly the same, which meet anyway.
_NEIGHBOURS: Final = 64


def duplicate_groups(view: View, threshold: float = 0.9) -> tuple[DuplicateGroup, ...]:
    """Groups of active documents that are alike, the most alike first, then by id.

    Documents are linked when they have the same content, or when their texts have at least the
    share ``threshold`` of their shingles in common; a group is what hangs together. Memory: about
    eight bytes a word.

    Args:
        threshold: from 0.1 to 1, inclusive.

    Raises:
        InvalidArgumentError: another threshold.
    """
    if not isinstance(threshold, int | float) or not 0.1 <= threshold <= 1:
        raise InvalidArgumentError(f"threshold {threshold!r} is not a number from 0.1 to 1")
    same: dict[bytes, int] = {}
    links = _Links()
    frames: list[int] = []
    batches: list[Shingles] = []
    for batch in _batches(_distinct_texts(view, same, links)):
        frames += [frame_id for frame_id, _ in batch]
        batches.append(shingles([text for _, text in batch]))
    if frames:
        _link_similar(_Corpus(frames, batches), float(threshold), links)
    return links.groups()


def _distinct_texts(view: View, same: dict[bytes, int], links: _Links) -> Iterator[tuple[int, str]]:
    """(frame, text) of every active document whose content did not come before; others are linked."""
    for frame_id in view.active():
        if view.role(frame_id) == ROLE_CHUNK:
            continue
        try:
            record = view.record(frame_id)
            text = view.text(frame_id, record)
            content = view.content(frame_id, record) if text is None else text.encode()
        except CorruptFileError:
            continue  # ``verify`` names it
        if not content:
            continue
        first = same.setdefault(digest(content), frame_id)
        if first != frame_id:
            links.join(first, frame_id, 1.0)
        elif text is not None:
            yield frame_id, text


def _batches(texts: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    batch: list[tuple[int, str]] = []
    size = 0
    for item in texts:
        batch.append(item)
        size += len(item[1])
        if len(batch) >= min(_BATCH_TEXTS, MOST_TEXTS) or size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Corpus:
    """The shingles of all documents, by place in the list of frames."""

    def __init__(self, frames: list[int], batches: list[Shingles]) -> None:
        self.frames = frames
        self.batches = batches
        self.firsts = np.cumsum([0, *(len(batch.starts) - 1 for batch in batches)])
        self.sizes = np.concatenate([np.diff(batch.starts) for batch in batches])
        self._sets: dict[int, frozenset[int]] = {}

    def set_of(self, place: int) -> frozenset[int]:
        """The shingles of a document."""
        found = self._sets.get(place)
        if found is None:
            number = int(np.searchsorted(self.firsts, place, side="right")) - 1
            batch, at = self.batches[number], place - int(self.firsts[number])
            found = frozenset(batch.hashes[batch.starts[at] : batch.starts[at + 1]].tolist())
            self._sets[place] = found
        return found

    def similarity(self, one: int, other: int) -> float:
        """Share of common shingles."""
        first, second = self.set_of(one), self.set_of(other)
        common = len(first & second)
        return common / (len(first) + len(second) - common) if common else 0.0


def _link_similar(corpus: _Corpus, threshold: float, links: _Links) -> None:
    for one, other in _candidates(corpus, threshold):
        first, second = corpus.frames[one], corpus.frames[other]
        if not links.joined(first, second):
            similarity = corpus.similarity(one, other)
            if similarity >= threshold:
                links.join(first, second, similarity)


def _candidates(corpus: _Corpus, threshold: float) -> Iterator[tuple[int, int]]:
    """Pairs of documents that share a sketched shingle and do not differ too much in size."""
    hashes, holders = _sketches(corpus, threshold)
    order = np.lexsort((holders, hashes))
    hashes, holders = hashes[order], holders[order]
    seen: list[NDArray[np.int64]] = []
    count = len(corpus.frames)
    for step in range(1, _NEIGHBOURS + 1):
        alike = np.flatnonzero(hashes[step:] == hashes[:-step])
        if not len(alike):
            break
        one, other = holders[alike], holders[alike + step]
        small, large = corpus.sizes[one], corpus.sizes[other]
        fits = np.minimum(small, large) >= threshold * np.maximum(small, large) - 1e-9
        seen.append(one[fits].astype(np.int64) * count + other[fits])
    pairs = np.unique(np.concatenate(seen)) if seen else np.empty(0, np.int64)
    for pair in pairs.tolist():
        yield divmod(pair, count)


def _sketches(corpus: _Corpus, threshold: float) -> tuple[Numbers, NDArray[np.intp]]:
    """The first shingles of each document, rare ones first: (hashes, places of the documents)."""
    counts = np.zeros(_COUNTERS, np.int64)
    slots = np.uint64(_COUNTERS - 1)
    for batch in corpus.batches:
        counts += np.bincount((batch.hashes & slots).astype(np.intp), minlength=_COUNTERS)
    ranks = np.minimum(np.log2(np.maximum(counts, 1)), 15).astype(np.uint64) << np.uint64(HASH_BITS)
    found, places = [], []
    mask = np.uint64((1 << HASH_BITS) - 1)
    for first, batch in zip(corpus.firsts[:-1].tolist(), corpus.batches, strict=True):
        sizes = np.diff(batch.starts)
        owners = np.repeat(np.arange(len(sizes)), sizes)
        keys = ranks[(batch.hashes & slots).astype(np.intp)] | batch.hashes
        keys |= owners.astype(np.uint64) << np.uint64(HASH_BITS + 4)
        keys.sort()
        taken = sizes - np.ceil(threshold * sizes - 1e-9).astype(np.intp) + 1
        chosen = np.arange(len(keys)) - batch.starts[owners] < taken[owners]
        found.append(keys[chosen] & mask)
        places.append(owners[chosen] + first)
    return np.concatenate(found), np.concatenate(places)


class _Links:
    """Frames joined into groups (union-find), with the weakest link of each group."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}
        self._weakest: dict[int, float] = {}

    def _root(self, frame_id: int) -> int:
        parent = self._parent
        root = frame_id
        while (above := parent.get(root, root)) != root:
            root = above
        while (above := parent.get(frame_id, frame_id)) != root:
            parent[frame_id] = root
            frame_id = above
        return root

    def joined(self, one: int, other: int) -> bool:
        return self._root(one) == self._root(other)

    def join(self, one: int, other: int, similarity: float) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        weakest = min(self._weakest.get(first, 1.0), self._weakest.pop(second, 1.0), similarity)
        self._parent.setdefault(first, first)
        self._parent[second] = first
        self._weakest[first] = weakest

    def groups(self) -> tuple[DuplicateGroup, ...]:
        members: defaultdict[int, list[int]] = defaultdict(list)
        for frame_id in self._parent:
            members[self._root(frame_id)].append(frame_id)
        found = [
            DuplicateGroup(frame_ids=tuple(sorted(ids)), similarity=self._weakest[root])
            for root, ids in members.items()
        ]
        return tuple(sorted(found, key=lambda group: (-group.similarity, group.frame_ids)))
