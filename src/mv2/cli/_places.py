"""Where something stands in a document, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mv2


def place_words(place: mv2.Place | None) -> list[str]:
    """A place for people: ``page 3``, ``Costs > Travel``, ``rows 2-14``."""
    if place is None:
        return []
    words = []
    if place.page is not None:
        last = place.last_page
        words.append(f"page {place.page}" if last in (None, place.page) else f"pages {place.page}-{last}")
    if place.sheet is not None:
        words.append(f"sheet {place.sheet}")
    if place.headings:
        words.append(" > ".join(place.headings))
    if place.symbol is not None:
        words.append(place.symbol)
    for name, pair in (("row", place.rows), ("line", place.lines)):
        if pair is not None:
            words.append(f"{name} {pair[0]:,}" if pair[0] == pair[1] else f"{name}s {pair[0]:,}-{pair[1]:,}")
    if place.seconds is not None:
        words.append("-".join(_clock(seconds) for seconds in place.seconds))
    return words


def table_words(info: mv2.TableInfo) -> list[str]:
    """Where a table stands: its document, page or sheet, and its name where that says more."""
    words = [info.source_uri or info.source_file or ""]
    if info.page is not None:
        words.append(f"page {info.page}")
    if info.sheet is not None:
        words.append(f"{info.sheet}!{info.range}" if info.range else info.sheet)
    stem = words[0].rpartition("/")[2].rpartition(".")[0]
    if info.name and info.name not in (info.sheet, stem):
        words.append(f"'{info.name}'")
    return words


def _clock(seconds: float) -> str:
    """A time in a recording: ``2:05``, ``1:00:07``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
