"""The headers of a mail: decoded, bounded, never failing."""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from mv2._late import late_pattern
from mv2.extract.guard import decode_text

_LONGEST_VALUE = 100_000
_MOST_HEADERS = 2_000
_MOST_PARAMETERS = 100
_ENCODED = late_pattern(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = late_pattern(r"(\?=)\s+(?==\?)")
_NAME = late_pattern(r"([!-9;-~]{1,80})[ \t]*:(.*)", re.DOTALL)
_PARAMETER = late_pattern(r";\s*([A-Za-z0-9*_.-]{1,60})\s*=\s*(\"(?:[^\"\\]|\\.)*+\"?|[^;]*)", re.DOTALL)
_ESCAPE = late_pattern(r"\\(.)")
_ADDRESS_PIECE = late_pattern(r'"(?:[^"\\]|\\.)*+"?|<[^>]*>?|\([^)]*\)?|[^",<(]+|,|.', re.DOTALL)
_CONTROLS = late_pattern(r"[\x00-\x1f\x7f-\x9f]+")


class Headers:
    """Headers by name, whatever its case. Lines that are none are left out."""

    def __init__(self, data: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        unfolded = list[bytearray]()
        for line in data.splitlines():
            if line[:1] in {b" ", b"\t"} and unfolded:
                if len(unfolded[-1]) < _LONGEST_VALUE:
                    unfolded[-1] += b" " + line.strip()
            elif len(unfolded) < _MOST_HEADERS:
                unfolded.append(bytearray(line[:_LONGEST_VALUE]))
        for raw in unfolded:
            match = _NAME.match(_as_text(bytes(raw[:_LONGEST_VALUE])))
            if match:
                self._values.setdefault(match.group(1).lower(), []).append(match.group(2).strip())

    def __bool__(self) -> bool:
        return bool(self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def raw(self, name: str) -> str:
        """The first value as it stands; empty if there is none."""
        return next(iter(self._values.get(name, ())), "")

    def all(self, name: str) -> list[str]:
        """Every value, decoded."""
        return [decode_words(value) for value in self._values.get(name, ())]

    def text(self, name: str) -> str:
        """The first value, decoded."""
        return decode_words(self.raw(name))

    def value(self, name: str) -> tuple[str, dict[str, str]]:
        """The first value up to its first ``;``, in lower case, and its decoded parameters."""
        raw = self.raw(name)
        return raw.split(";", 1)[0].strip().lower(), _parameters(raw)


def _as_text(raw: bytes) -> str:
    """Headers are ASCII; what is not was written by programs that did not care."""
    return raw.decode("ascii") if raw.isascii() else decode_text(raw)[0]


def decode_words(value: str) -> str:
    """A header value with its encoded words (RFC 2047) decoded, on one line."""
    if "=?" in value:
        joined = _join_split_words(_BETWEEN.sub(r"\1", value))
        value = _ENCODED.sub(lambda match: _decoded(*match.groups()), joined)
    return " ".join(_CONTROLS.sub(" ", value).split())


def _join_split_words(value: str) -> str:
    """Neighbours in one encoding become one word: some programs cut letters in half."""
    words = list[list[str]]()
    parts = list[str | list[str]]()
    place = 0
    for match in _ENCODED.finditer(value):
        charset, form, body = match.groups()
        between = value[place : match.start()]
        if (
            not between
            and words
            and words[-1][:2] == [charset.lower(), form.lower()]
            and "=" not in words[-1][2][-2:]
        ):
            words[-1][2] += body
        else:
            parts.append(between)
            words.append([charset.lower(), form.lower(), body])
            parts.append(words[-1])
        place = match.end()
    parts.append(value[place:])
    return "".join(part if isinstance(part, str) else f"=?{part[0]}?{part[1]}?{part[2]}?=" for part in parts)


def _decoded(charset: str, form: str, body: str) -> str:
    raw = body.encode("utf-8", "replace")
    data = decode_base64(raw) if form in "bB" else binascii.a2b_qp(raw, header=True)
    return decode_text(data, charset.split("*", 1)[0])[0]


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_base64(data: bytes) -> bytes:
    """Bytes of base64 with anything else among it, cut short or not."""
    clean = _NOT_BASE64.sub(b"", data)
    spare = len(clean) % 4
    if spare == 1:
        clean = clean[:-1]
    decoded: bytes = binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
    return decoded


def _parameters(raw: str) -> dict[str, str]:
    """Parameters of a header; those split and encoded as in RFC 2231 are put together."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for count, match in enumerate(_PARAMETER.finditer(raw)):
        if count >= _MOST_PARAMETERS:
            break
        name, value = match.group(1).lower(), match.group(2).strip()
        if value.startswith('"'):
            value = _ESCAPE.sub(r"\1", value[1:].removesuffix('"'))
        base, *numbers = name.split("*")
        if not numbers:
            plain.setdefault(base, decode_words(value))
            continue
        number = int(numbers[0]) if numbers[0].isascii() and numbers[0].isdigit() else 0
        pieces.setdefault(base, {}).setdefault(number, (name.endswith("*"), value))
    for base, found in pieces.items():
        plain[base] = _joined(found) or plain.get(base, "")
    return plain


def _joined(pieces: dict[int, tuple[bool, str]]) -> str:
    charset, data = "", b""
    for number in sorted(pieces):
        encoded, value = pieces[number]
        if encoded and number == min(pieces) and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        data += unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
    return decode_words(decode_text(data, charset or None)[0])


def addresses(value: str) -> list[str]:
    """The addresses of a raw header, each as a person reads it: ``Ana Reyes <ana@example.org>``."""
    found, current = list[str](), list[str]()
    for match in _ADDRESS_PIECE.finditer(value):
        piece = match.group()
        if piece == ",":
            found.append("".join(current))
            current = []
        else:
            current.append(piece)
    found.append("".join(current))
    shown = (_shown_address(address) for address in found)
    return [address for address in shown if address]


def _shown_address(raw: str) -> str:
    text = decode_words(_ESCAPE.sub(r"\1", raw.strip()))
    if text.startswith('"'):
        name, _, rest = text[1:].partition('"')
        text = f"{name.strip()} {rest.strip()}".strip()
    return text.removeprefix("<").removesuffix(">") if text.startswith("<") else text
