"""Words indexed beside those of a text, so that other ways of writing them find it too.

They follow the text in the index and are never shown: accented words without
their accents, runs of scripts that are written without spaces as pairs of
characters, joined forms of "e-mail" and "1,000,000", the parts of "camelCase".
Queries are folded alike. A text without any of these gets nothing, and plain
ASCII prose costs little more than a look at its characters.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

from mv2._late import late_pattern
from mv2.index._analysis import lower, tokens

# A word that no query is ever folded to; it stands in the index of texts whose words were folded.
MARKER: Final = "\u017f"
_MAX_COMPOUND: Final = 64
_MAX_DOTTED: Final = 24
_MAX_PARTS: Final = 8

# Accents, vowel points, tone marks and invisible joiners. Not the breve of U+0439, which is a letter of
# its own, and not the vowels of scripts that write them below and above: those tell words apart.
_DROPPED: Final = late_pattern(
    r"(?<!\u0438)\u0306|[\u0300-\u0305\u0307-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    r"\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    r"\u0e3a\u0e47-\u0e4e\u0eba\u0ec8-\u0ece\u1037\u1039\u103a\u17c9-\u17d3\u17dd"
    r"\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]"
)
_LETTERS: Final = str.maketrans(
    {
        "\u00df": "ss",
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u00f0": "d",
    }
    | {"\u00fe": "th", "\u0131": "i", "\u0127": "h", "\u03c2": "\u03c3"}
    | {"\u2019": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"}
)
# Scripts written without spaces, and Korean, whose words take endings that are found by their parts.
UNSEGMENTED: Final = (
    "\u0e01-\u0e39\u0e40-\u0e46\u0e50-\u0e59\u0e81-\u0eb9\u0ebb-\u0ec6\u0ed0-\u0edf"
    "\u1000-\u1036\u1038\u103b-\u1049\u1050-\u1059\u105a-\u108f"
    "\u1780-\u17b3\u17b6-\u17c8\u17d7\u17dc\u17e0-\u17e9"
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3\U00020000-\U0003ffff"
)
_RUN: Final = late_pattern(f"[{UNSEGMENTED}]+")
_ASCII: Final = bytes(range(128))
_STRAIGHT: Final = (("\u2019", "'"), ("\u02bc", "'"), ("\u2010", "-"), ("\u2011", "-"))
_FOLDABLE: Final = late_pattern(r"[^\W_]|" + _DROPPED.pattern)
_CHUNK: Final = late_pattern(r"\S+")
_MARKED_WORD: Final = late_pattern(rf"(?:[^\W_]|[{UNSEGMENTED}]|{_DROPPED.pattern})+")

# Letters keep their case, everything else is told apart from them.
_CASES: Final = bytes(65 if 65 <= b <= 90 else 97 if 97 <= b <= 122 else 32 for b in range(256))
_CAMEL: Final = late_pattern(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_SIGNS: Final = "-'.,_@:/"
_STRETCHES: Final = {
    signs: late_pattern(rf"(?:[^\W_]|[{signs}])*" if signs else r"[^\W_]*") for signs in ("", _SIGNS)
}
_CAMEL_PART: Final = late_pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PLURAL: Final = late_pattern(r"[A-Z0-9]+s")
# What makes a compound, each beginning with a character that is quickly looked for.
_SEPARATED: Final = (
    ("-", late_pattern(r"-[^\W_]")),
    ("'", late_pattern(r"'(?!(?:s|t|m|d|ll|re|ve|S|T|M|D|LL|RE|VE)(?![^\W_]))[^\W_]")),
    (".", late_pattern(r"\.[A-Za-z]")),
    (",", late_pattern(r",[0-9]{3}")),
)
_ENDING: Final = late_pattern(r"'(?:s|t|m|d|ll|re|ve)?$", re.IGNORECASE)
_NUMBER: Final = late_pattern(r"[0-9]{1,3}(?:[,'][0-9]{3})+(?:\.[0-9]+)?")
_JOINABLE: Final = late_pattern(r"[^\W_]+(?:[-'.][^\W_]+)+")
_SEPARATORS: Final = late_pattern("[-'.]")


def fold(text: str) -> str:
    """`text` in lower case, without accents, in usual width, final sigma as any other.

    Folding twice changes nothing more; the fold of ASCII is its lower case.
    """
    if text.isascii():
        return text.lower()
    bare = _DROPPED.sub("", normalize("NFKD", lower(text)))
    composed = normalize("NFC", lower(bare).translate(_LETTERS))
    return composed if composed.isascii() else _DROPPED.sub("", composed)


def expand(folded: str) -> str:
    """`folded` with each run of an unsegmented script as overlapping pairs of characters."""
    return folded if folded.isascii() else _RUN.sub(_pairs, folded)


def atoms(text: str) -> list[str]:
    """The sequence that phrases are looked for in: folded stems, and single unsegmented characters."""
    folded = fold(text)
    return tokens(folded if folded.isascii() else _RUN.sub(lambda run: f" {' '.join(run[0])} ", folded))


def has_unsegmented(folded: str) -> bool:
    """Whether some of it is in a script written without spaces."""
    return not folded.isascii() and _RUN.search(folded) is not None


def helps(text: str) -> str:
    """Words to index beside those of `text`, separated by spaces; usually none."""
    if text.isascii():
        return " ".join([form for _, _, form in compounds(text)])
    others = _non_ascii(text)
    found = [fold(form) for _, _, form in compounds(straight(text))]
    if _FOLDABLE.search(others) is not None:
        folded = [form for chunk in _CHUNK.findall(text) if (form := _folded(chunk)) is not None]
        if folded:
            found += [*folded, MARKER]
    return " ".join(found)


def labelled(value: str) -> str:
    """What stands in the index for a tag, label or track."""
    return value if value.isascii() else f"{value}\n{helps(value)}"


def folded_words(text: str) -> list[tuple[int, int, str]]:
    """(start, end, folded) of the words of `text` with letters or marks beyond ASCII."""
    if text.isascii() or _FOLDABLE.search(_non_ascii(text)) is None:
        return []
    return [(m.start(), m.end(), fold(m[0])) for m in _MARKED_WORD.finditer(text) if not m[0].isascii()]


def straight(text: str) -> str:
    """`text` with typographic apostrophes and hyphens as in ASCII, character by character."""
    if text.isascii():
        return text
    for typographic, plain in _STRAIGHT:
        text = text.replace(typographic, plain)
    return text


def compounds(text: str) -> list[tuple[int, int, str]]:
    """(start, end, other form) of the words in `text` that are also looked for joined, or in parts."""
    found: list[tuple[int, int, str]] = []
    for sign, pattern in _SEPARATED:
        if sign in text and (match := pattern.search(text)) is not None:
            _add_joined(text, pattern, match, found)
    # A capital that does not begin a word makes a camel, or an acronym.
    cases = text.encode("ascii", "replace").translate(_CASES)
    if cases.count(b"A") != cases.count(b" A") + (cases[:1] == b"A"):
        _add_parts(text, cases, found)
    return found


def _add_joined(
    text: str, pattern: re.Pattern[str], match: re.Match[str] | None, found: list[tuple[int, int, str]]
) -> None:
    """Add the compounds from `match` of `pattern` on that are not there yet."""
    while match is not None:
        before = match.start() - 1
        if before < 0 or not text[before].isalnum():
            match = pattern.search(text, match.end())
            continue
        start, end = _around(text, match.start(), _SIGNS)
        while start < match.start() and text[start] in _SIGNS:
            start += 1
        while end > match.end() and text[end - 1] in _SIGNS:
            end -= 1
        form = joined(text[start:end])
        if form is not None and all(start != other for other, _, _ in found):
            found.append((start, end, form))
        match = pattern.search(text, max(end, match.end()))


def _add_parts(text: str, cases: bytes, found: list[tuple[int, int, str]]) -> None:
    done = 0
    for boundary in (b"aA", b"AAa"):
        at = cases.find(boundary)
        done = 0
        while at >= 0:
            start, end = _around(text, at, "")
            parts = camel_parts(text[start:end]) if start >= done else []
            done = max(end, at + 1)
            if parts and all(start != other for other, _, _ in found):
                found.append((start, end, " ".join(parts)))
            at = cases.find(boundary, done)


def joined(compound: str) -> str | None:
    """The joined form: "email" of "e-mail", "1000000" of "1,000,000"; None if there is none."""
    if "'" in compound:
        compound = _ENDING.sub("", compound)
    if compound[:1].isdigit() and _NUMBER.fullmatch(compound):
        return compound.replace(",", "").replace("'", "")
    if len(compound) > _MAX_COMPOUND or _JOINABLE.fullmatch(compound) is None:
        return None
    if "." in compound and len(compound) > _MAX_DOTTED:
        return None
    form = _SEPARATORS.sub("", compound)
    if form.isdigit() or (form[0].isdigit() and "." in compound) or has_unsegmented(form):
        return None
    return form


def camel_parts(word: str) -> list[str]:
    """The parts of a word in camel case, longer than a letter: "http" and "server" of "HTTPServer2".

    Nothing if the word is not written so.
    """
    if len(word) > _MAX_COMPOUND or _PLURAL.fullmatch(word) or _CAMEL.search(word) is None:
        return []
    parts = [part.lower() for part in _CAMEL_PART.findall(word)]
    return [part for part in parts if len(part) > 1] if 1 < len(parts) <= _MAX_PARTS else []


def _pairs(run: re.Match[str]) -> str:
    text = run[0]
    return f" {' '.join(map(str.__add__, text, text[1:]))} " if len(text) > 1 else f" {text} "


def _folded(chunk: str) -> str | None:
    """The folded form of `chunk` (no white space) if its words are not found by it otherwise."""
    if chunk.isascii() or _FOLDABLE.search(_non_ascii(chunk)) is None:
        return None
    form = expand(fold(chunk))
    return None if form == lower(chunk) or form.strip() == lower(chunk) else form


def _non_ascii(text: str) -> str:
    """The characters of `text` that are not ASCII."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")


def _around(text: str, at: int, signs: str) -> tuple[int, int]:
    """The stretch of letters, digits and `signs` around `at`, as far as it matters."""
    stretch = _STRETCHES[signs]
    floor = max(0, at - 2 * _MAX_COMPOUND)
    begin = max(floor, text.rfind(" ", floor, at) + 1, text.rfind("\n", floor, at) + 1)
    before = stretch.match(text[begin:at][::-1])
    after = stretch.match(text, at, at + 2 * _MAX_COMPOUND)
    return at - (before.end() if before else 0), after.end() if after else at
