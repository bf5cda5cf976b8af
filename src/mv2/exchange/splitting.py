"""One memory taken apart into several, each with the history of its documents."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from mv2.errors import InvalidArgumentError, LimitError, MemoryExistsError
from mv2.exchange._names import Names, safe_name

if TYPE_CHECKING:
    from mv2 import Memvid, Record

SplitBy: TypeAlias = "Literal['track', 'kind', 'year'] | Callable[[Record], object]"
_SUFFIX: Final = ".mv2"
_AUTO_URI: Final = "mv2://frames/"
#: What an empty memory takes, and how full a part is meant to become.
_OVERHEAD: Final = 80_000
_FILL: Final = 0.9


class _Chain(NamedTuple):
    """The versions of one document.

    Attributes:
        newest: id of the last one.
        weight: about how many bytes they come to.
        uri: what they have in common with other chains; None for a uri that mv2 made.
        key: what the newest one counts as.
    """

    newest: int
    weight: int
    uri: str | None
    key: object


def split(
    memory: Memvid,
    target: str | os.PathLike[str],
    *,
    by: SplitBy | None = None,
    filters: Mapping[str, Mapping[str, Any]] | None = None,
    max_bytes: int | None = None,
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
            _by_size(memory, places, max_bytes)
        else:
            groups = _by_filter(memory, filters) if filters is not None else _by_key(memory, by)
            for name, ids in groups.items():
                _write(memory, places.take(name), ids)
        return places.done()


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

    def drop(self, path: Path) -> None:
        """A part is not wanted any more."""
        path.unlink()
        self._paths.remove(path)

    def done(self) -> list[Path]:
        """All parts are written."""
        self._complete = True
        return self._paths


# --- which documents go where ---------------------------------------------------------------


def _by_key(memory: Memvid, by: Any) -> dict[str, list[int]]:
    key = {"track": _track, "kind": _kind, "year": _year}.get(by, by) if isinstance(by, str) else by
    if not callable(key):
        raise InvalidArgumentError(f"by {by!r} is unknown", remedy="Use track, kind, year or a function.")
    groups: dict[str, list[int]] = {}
    for chain in _chains(memory, key):
        groups.setdefault("none" if chain.key is None else str(chain.key), []).append(chain.newest)
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


def _by_filter(memory: Memvid, filters: Mapping[str, Mapping[str, Any]]) -> dict[str, list[int]]:
    chains = [chain.newest for chain in _chains(memory, lambda _: None)]
    groups: dict[str, list[int]] = {}
    taken: set[int] = set()
    ends = set(chains)
    for name, condition in filters.items():
        passing = {record.id for record in memory.records(filter=condition, vectors=False)} & ends
        groups[name] = sorted(passing - taken)
        taken |= passing
    rest = [newest for newest in chains if newest not in taken]
    if rest:
        groups["rest"] = [*groups.get("rest", []), *rest]
    return {name: ids for name, ids in groups.items() if ids}


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
    in_order = dict.fromkeys(ends[frame_id] for frame_id in seen)
    return [_Chain(end, weights[end], seen[end][2], seen[end][3]) for end in in_order]


def _weight(record: Record) -> int:
    return len(record.content) + len(record.text or "") + 512 * (1 + len(record.chunks))


# --- writing ----------------------------------------------------------------------------------


def _write(memory: Memvid, path: Path, ids: Sequence[int]) -> None:
    """A part with the documents whose newest versions have these ids."""
    import mv2

    with mv2.open(path, "x", embedder="none") as part:
        part.restore(memory.records(filter={"id": {"$in": list(ids)}}))


def _by_size(memory: Memvid, places: _Places, max_bytes: int) -> None:
    """Fill part after part; one that became too large is written again as two."""
    number = 1
    for together in _filled(memory, max_bytes):
        waiting = [together]
        while waiting:
            families = waiting.pop()
            path = places.take(f"{number:03}", once=False)
            _write(memory, path, [chain.newest for family in families for chain in family])
            size = path.stat().st_size
            if size <= max_bytes:
                number += 1
                continue
            places.drop(path)
            if len(families) == 1:
                what = families[0][-1].uri or f"frame {families[0][-1].newest}"
                raise LimitError(f"{what} alone makes a memory of {size:,} bytes, more than {max_bytes:,}")
            middle = len(families) // 2
            waiting += [families[middle:], families[:middle]]


def _filled(memory: Memvid, max_bytes: int) -> Iterator[list[list[_Chain]]]:
    """Families of documents, those with one uri, put together to about the size of a part."""
    families: dict[object, list[_Chain]] = {}
    for chain in _chains(memory, lambda _: None):
        families.setdefault(chain.newest if chain.uri is None else chain.uri, []).append(chain)
    total = sum(chain.weight for family in families.values() for chain in family)
    share = min(1.0, memory.stats().size_bytes / max(1, total))
    group: list[list[_Chain]] = []
    filled = float(_OVERHEAD)
    for family in families.values():
        size = share * sum(chain.weight for chain in family)
        if group and filled + size > max_bytes * _FILL:
            yield group
            group, filled = [], float(_OVERHEAD)
        group.append(family)
        filled += size
    if group:
        yield group
