"""Search results for people: a heading for each hit, its snippet, and why it stands where it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mv2.cli._output import Output, clean, is_terminal, moment, plural, shorten, snippet_lines, terminal_width
from mv2.cli._places import place_words

if TYPE_CHECKING:
    from mv2.types import Hit, SearchResult

# The parts of ``Hit.scores`` that add up to the score; the others say where these come from.
_SUM: Final = ("words", "vector", "all_words", "neighbours", "track", "time", "recency", "correction")
_INDENT: Final = "    "


def print_hits(result: SearchResult, out: Output, *, explain: bool = False, limit: int = 4) -> None:
    """Print hits: a heading, the snippet in at most ``limit`` lines, what is around it, and why."""
    width = terminal_width() - len(_INDENT)
    for hit in result.hits:
        out.styled(heading(f"{hit.rank:>2}. ", hit.title, hit.uri, hit.timestamp, hit.frame_id, out))
        where = ", ".join(place_words(hit.place))
        if where:
            out.styled(_INDENT + out.faint(shorten(where, width)))
        for line in snippet_lines(hit.snippet, hit.highlights, out, width=width, limit=limit):
            out.styled(_INDENT + line)
        for near in hit.neighbours:
            head = f"{near.offset:+d}  frame {near.frame_id}  "
            out.styled(_INDENT + out.faint(head + shorten(near.text, max(width - len(head), 20))))
        if explain:
            for line in explanation(hit):
                out.styled(_INDENT + out.faint(clean(line)))


def heading(head: str, title: str | None, uri: str | None, timestamp: int, frame_id: int, out: Output) -> str:
    """One line that names a document: title, day, uri and frame, on a terminal no wider than that."""
    frame = f"frame {frame_id}"
    name = shorten(title or uri or frame, 60)
    parts = [moment(timestamp), *([clean(uri)] if title and uri else []), frame]
    if is_terminal():
        spare = terminal_width() - len(head) - len("  ".join([name, *parts]))
        if spare < 0 and len(parts) == 3:
            parts[1] = _with_end(parts[1], len(parts[1]) + spare)
            spare = terminal_width() - len(head) - len("  ".join([name, *parts]))
        if spare < 0:
            name = shorten(name, max(len(name) + spare, 10))
    return head + "  ".join([out.bold(name), *map(out.faint, parts)])


def _with_end(uri: str, width: int) -> str:
    """The end of a uri, which tells more than its beginning."""
    width = max(width, 12)
    return uri if len(uri) <= width else "…" + uri[-(width - 1) :]


def explanation(hit: Hit) -> list[str]:
    """What a hit's score is made of, the words it was found by, and the rules that moved it."""
    parts = [f"{name} {value:.4g}" for name in _SUM if (value := hit.scores.get(name)) is not None]
    sources = [f"{name} {value:.4g}" for name, value in hit.scores.items() if name not in _SUM]
    lines = [f"score {hit.score:.4g}" + (f" = {' + '.join(parts)}" if parts else "")]
    if sources:
        lines.append("from " + ", ".join(sources))
    if hit.matched:
        lines.append("matched " + ", ".join(hit.matched))
    if hit.rules:
        lines.append("rules " + ", ".join(hit.rules))
    return lines


def print_mode(result: SearchResult, out: Output) -> None:
    """Say which kind of search ran, why, and how long it took."""
    out.note(f"searched: {result.reason or result.mode}, {result.took_ms:.0f} ms")


def print_correction(result: SearchResult, out: Output) -> None:
    """Say what was searched for instead, where words were replaced."""
    if result.did_you_mean is not None:
        out.note(f"did you mean: {shorten(result.did_you_mean, 200)} (searched for that)")


def print_footer(result: SearchResult, out: Output) -> None:
    """Say how many hits there are, and how the next page is had."""
    if not result.hits:
        out.note("no hits")
        return
    total = (
        plural(result.total, "hit") if result.total_is_exact else f"at least {plural(result.total, 'hit')}"
    )
    relaxed = ", for any of the words" if result.relaxed else ""
    more = f"; next page: --cursor {result.next_cursor}" if result.next_cursor else ""
    out.note(f"{len(result.hits)} of {total}{relaxed}{more}")
