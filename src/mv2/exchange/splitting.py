"""One memory taken apart into several, each with the history of its documents."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from mv2.errors import InvalidArgumentError, LimitError, MemoryExistsError
from mv2.exchange._names import Names, safe_name

if TYPE_CHECKING:
    from mv2 import Memvid, Record

SplitBy: TypeAlias = "Literal['track', 'kind', 'year'] | Callable[[Record], object]"
Progress: TypeAlias = Callable[[int, "int | None"], object]
_SUFFIX: Final = ".mv2"
_AUTO_URI: Final = "mv2://frames/"
#: About what an empty memory takes (bytes).
_OVERHEAD: Final = 78_000
#: How full a part is meant to become, and from when on it is full enough.
_WANTED: Final = 0.94
_ENOUGH: Final = 0.88
#: So often a part is written with another number of documents to fill it better.
_ATTEMPTS: Final = 5


class _Chain(NamedTuple):
    """The versions of one document.

    Attributes:
        newest: id of the last one.
        weight: about how many bytes they come to.
        versions: how many there are.
        uri: what they have in common with other chains; None for a uri that mv2 made.
        key: what the newest one counts as.
    """

    newest: int
    weight: int
    versions: int
    uri: str | None
    key: object


def split(
    memory: Memvid,
    target: str | os.PathLike[str],
    *,
    by: SplitBy | None = None,
    filters: Mapping[str, Mapping[str, Any]] | None = None,
    max_bytes: int | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write a memory as several ones; returns their paths. Exactly one way to split is given.

    Each part is a memory of its own, with every version of its documents; ids start at 0 again in
    each. A document goes where its newest version belongs, also when that is deleted. The memory
    itself stays as it is. When anything fails, no part is left.

    Args:
        target: a folder, made if it is not there; or a path with ``{}`` where the part's name goes.
        by: ``"track"``, ``"kind"``, ``"year"`` (of the timestamp, UTC), or a function of a record.
        filters: filters as ``find`` takes them, by the names of the parts; a document goes into the
            first one that it passes, and those that pass none into the part ``rest``.
        max_bytes: no part's file is larger; documents with the same uri stay together.
        progress: called now and then with (versions written, versions in all).

    Raises:
        InvalidArgumentError: no way to split, or more than one.
        LimitError: one document alone is larger than ``max_bytes``.
        MemoryExistsError: a part would overwrite a memory.
    """
    if sum(way is not None for way in (by, filters, max_bytes)) != 1:
        raise InvalidArgumentError("give one of by, filters and max_bytes")
    if max_bytes is not None and (isinstance(max_bytes, bool) or max_bytes < 1):
        raise InvalidArgumentError(f"max_bytes {max_bytes!r} is not a number from 1 on")
    places = _Places(target)
    with places:
        if max_bytes is not None:
            _by_size(memory, places, max_bytes, progress)
        else:
            groups = _by_filter(memory, filters) if filters is not None else _by_key(memory, by)
            written = _Written(progress, sum(chain.versions for group in groups.values() for chain in group))
            for name, chains in groups.items():
                _write(memory, places.take(name), chains, written)
                written.add(chains)
        return places.done()


class _Written:
    """Says how much is written; what is written a second time says nothing."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._before = 0
        self._told = 0

    def __call__(self, done: int, _: int | None) -> None:
        """So many versions of the part are written."""
        now = min(self._before + done, self._total)
        if self._progress is not None and now > self._told:
            self._told = now
            self._progress(now, self._total)

    def add(self, chains: Iterable[_Chain]) -> None:
        """A part is finished."""
        self._before += sum(chain.versions for chain in chains)
        self(0, None)


class _Places:
    """The files of the parts; all of them go again unless the work is done."""

    def __init__(self, target: str | os.PathLike[str]) -> None:
        self._pattern = os.fspath(target)
        if "{}" not in self._pattern:
            self._pattern = os.path.join(self._pattern, "{}" + _SUFFIX)
        self._names = Names()
        self._paths: list[Path] = []
        self._complete = False

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        if not self._complete:
            for path in self._paths:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    def take(self, name: str, *, once: bool = True) -> Path:
        """The place of a new part; with ``once`` no other part gets the same name.

        Raises:
            MemoryExistsError: something is there.
        """
        safe = safe_name(name, "none")
        path = Path(self._pattern.replace("{}", self._names.take(safe) if once else safe))
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise MemoryExistsError(f"{path} is there already", path=path, remedy="Name another folder.")
        self._paths.append(path)
        return path

    def done(self) -> list[Path]:
        """All parts are written."""
        self._complete = True
        return self._paths


# --- which documents go where ---------------------------------------------------------------


def _by_key(memory: Memvid, by: Any) -> dict[str, list[_Chain]]:
    key = {"track": _track, "kind": _kind, "year": _year}.get(by, by) if isinstance(by, str) else by
    if not callable(key):
        raise InvalidArgumentError(f"by {by!r} is unknown", remedy="Use track, kind, year or a function.")
    groups: dict[str, list[_Chain]] = {}
    for chain in _chains(memory, key):
        groups.setdefault("none" if chain.key is None else str(chain.key), []).append(chain)
    return dict(sorted(groups.items()))


def _track(record: Record) -> object:
    return record.track


def _kind(record: Record) -> object:
    return record.kind


def _year(record: Record) -> object:
    try:
        return f"{dt.datetime.fromtimestamp(record.timestamp, dt.UTC).year:04}"
    except (ValueError, OverflowError, OSError):
        return None


def _by_filter(memory: Memvid, filters: Mapping[str, Mapping[str, Any]]) -> dict[str, list[_Chain]]:
    waiting = {chain.newest: chain for chain in _chains(memory, lambda _: None)}
    groups: dict[str, list[_Chain]] = {}
    for name, condition in filters.items():
        passing = [record.id for record in memory.records(filter=condition, vectors=False)]
        groups[name] = [waiting.pop(newest) for newest in passing if newest in waiting]
    if waiting:
        groups["rest"] = [*groups.get("rest", []), *waiting.values()]
    return {name: chains for name, chains in groups.items() if chains}


def _chains(memory: Memvid, key: Callable[[Record], object]) -> list[_Chain]:
    """The documents of a memory, in the order of their first versions."""
    seen: dict[int, tuple[int | None, int, str | None, object]] = {}
    for record in memory.records(vectors=False):
        newer = record.superseded_by
        named = None if (record.uri or "").startswith(_AUTO_URI) else record.uri
        seen[record.id] = (newer, _weight(record), named, key(record))
    ends: dict[int, int] = {}
    for frame_id in sorted(seen, reverse=True):
        newer = seen[frame_id][0]
        follows = newer is not None and newer > frame_id and newer in ends
        ends[frame_id] = ends[newer] if follows and newer is not None else frame_id
    weights: defaultdict[int, int] = defaultdict(int)
    for frame_id, (_, weight, _, _) in seen.items():
        weights[ends[frame_id]] += weight
    versions = Counter(ends[frame_id] for frame_id in seen)  # in the order of the first ones
    return [_Chain(end, weights[end], count, seen[end][2], seen[end][3]) for end, count in versions.items()]


def _weight(record: Record) -> int:
    return len(record.content) + len(record.text or "") + 512 * (1 + len(record.chunks))


# --- writing ----------------------------------------------------------------------------------


def _write(memory: Memvid, path: Path, chains: Iterable[_Chain], written: _Written) -> None:
    """A part with these documents."""
    import mv2

    ids = [chain.newest for chain in chains]
    with mv2.open(path, "x", embedder="none") as part:
        part.restore(memory.records(filter={"id": {"$in": ids}}), progress=written)


def _by_size(memory: Memvid, places: _Places, max_bytes: int, progress: Progress | None) -> None:
    """Fill part after part."""
    families = _families(memory)
    written = _Written(progress, sum(chain.versions for family in families for chain in family))
    weight = sum(map(_weight_of, families))
    filler = _Filler(memory, max_bytes, (memory.stats().size_bytes - _OVERHEAD) / max(1, weight), written)
    number = 1
    while families:
        path = places.take(f"{number:03}", once=False)
        count = filler.fill(path, families)
        written.add(chain for family in families[:count] for chain in family)
        families = families[count:]
        number += 1


def _families(memory: Memvid) -> list[list[_Chain]]:
    """Documents that must stay together: those with one uri."""
    families: dict[object, list[_Chain]] = {}
    for chain in _chains(memory, lambda _: None):
        families.setdefault(chain.newest if chain.uri is None else chain.uri, []).append(chain)
    return list(families.values())


def _weight_of(family: Sequence[_Chain]) -> int:
    return sum(chain.weight for chain in family)


class _Filler:
    """Writes as many documents into a part as it may hold, learning from each how much room they take."""

    def __init__(self, memory: Memvid, max_bytes: int, rate: float, written: _Written) -> None:
        self._memory = memory
        self._max_bytes = max_bytes
        self._rate = max(rate, 0.001)  # bytes of a file for one of weight
        self._written = written

    def fill(self, path: Path, families: Sequence[list[_Chain]]) -> int:
        """Write a part; returns how many families, from the first on, are in it.

        Raises:
            LimitError: the first one alone is too large.
        """
        fits, too_many, there = 0, len(families) + 1, 0
        attempts = 0
        while too_many - fits > 1 and (attempts < _ATTEMPTS or not fits):
            attempts += 1
            count = min(max(self._guess(families), fits + 1), too_many - 1)
            size = self._size(path, families[:count])
            there = count
            if size > self._max_bytes:
                if count == 1:
                    what = families[0][-1].uri or f"frame {families[0][-1].newest}"
                    raise LimitError(
                        f"{what} alone makes a memory of {size:,} bytes, more than {self._max_bytes:,}"
                    )
                too_many = count
            else:
                fits = count
                if size >= self._max_bytes * _ENOUGH:
                    break
        if there != fits:
            self._size(path, families[:fits])
        return fits

    def _guess(self, families: Sequence[list[_Chain]]) -> int:
        room, count = self._max_bytes * _WANTED - _OVERHEAD, 0
        for count, family in enumerate(families):
            room -= self._rate * _weight_of(family)
            if room < 0:
                return count
        return count + 1

    def _size(self, path: Path, families: Sequence[list[_Chain]]) -> int:
        """The size of a part with these (bytes), which is written anew."""
        path.unlink(missing_ok=True)
        _write(self._memory, path, (chain for family in families for chain in family), self._written)
        size = path.stat().st_size
        self._rate = max((size - _OVERHEAD) / max(1, sum(map(_weight_of, families))), 0.001)
        return size
