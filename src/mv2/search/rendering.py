"""Hits as people see them: their snippets with the matching words marked."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

from mv2.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mv2.types import Hit

_TAG: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"
# Escape sequences and other controls in a document must not reach a terminal; tabs and line ends may.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def highlight_html(hit: Hit, tag: str = "mark") -> str:
    """The snippet of `hit` as HTML: everything escaped, matching words inside elements called `tag`.

    Raises:
        InvalidArgumentError: `tag` is no plain element name.
    """
    if _TAG.fullmatch(tag) is None:
        raise InvalidArgumentError(f"{tag!r} is no name of an HTML element")
    return _marked(hit, html.escape, f"<{tag}>", f"</{tag}>")


def highlight_ansi(hit: Hit, start: str = _BOLD, end: str = _PLAIN) -> str:
    """The snippet of `hit` for a terminal: matches between `start` and `end`, no control characters."""
    return _marked(hit, lambda text: _CONTROLS.sub("", text), start, end)


def _marked(hit: Hit, safe: Callable[[str], str], before: str, after: str) -> str:
    parts: list[str] = []
    done = 0
    for start, end in hit.highlights:
        parts += [safe(hit.snippet[done:start]), before, safe(hit.snippet[start:end]), after]
        done = end
    return "".join([*parts, safe(hit.snippet[done:])])
