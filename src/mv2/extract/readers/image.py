"""Pictures: what their files say about them. The text is their title, description and keywords."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import logging
import re
import struct
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mv2.errors import DocumentError, DocumentLimitError, MissingExtraError, UnsupportedDocumentError
from mv2.extract.guard import parse_xml
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers._image_facts import Facts, number_of
from mv2.extract.readers._image_svg import read_svg
from mv2.extract.readers._office import readable, seconds_of, words_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["read"]

_TIFF = (b"II*\0", b"MM\0*")
_PNG = b"\x89PNG\r\n\x1a\n"
_LONGEST = 100_000
_MOST_XMP = 4 << 20
_MOST_CHUNKS = 100_000
_MOST_NOTES = 100
_MOST_PAGES = 10_000

# What Pillow raises on bytes that are not what they should be.
_DAMAGE = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, struct.error),
)
# Tags of EXIF and the names that their values get.
_EXIF = {
    271: "make",
    272: "model",
    274: "orientation",
    305: "software",
    33432: "copyright",
    33434: "exposure_seconds",
    33437: "f_number",
    34855: "iso",
    37386: "focal_length_mm",
    41989: "focal_length_35mm",
    42036: "lens",
    42033: "serial_number",
}
_DETAILS, _GPS = 0x8769, 0x8825
# Names of Pillow for files that everybody calls something else.
_FORMATS = {"MPO": "jpeg", "DIB": "bmp"}
_EXIF_DATE = re.compile(r"(\d{4})[:\-](\d\d)[:\-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_ZONE = re.compile(r"Z|[+-]\d\d:\d\d")
_DC = "{http://purl.org/dc/elements/1.1/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ALT = "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}AltTextAccessibility"


def read(source: Source, options: ReadOptions) -> Extraction:
    """Read what a picture says about itself; it is not decoded.

    Raises:
        MissingExtraError: Pillow is not installed.
        UnsupportedDocumentError: the installed Pillow does not know the format.
        DocumentLimitError: it has so many pixels that only an attack would.
        DocumentError: it is damaged.
    """
    if source.mime == "image/svg+xml" or source.data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return read_svg(source.data, options.limits)
    facts = Facts()
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise MissingExtraError(
            "reading image documents needs the package 'Pillow'", remedy="pip install 'mv2[media]'"
        ) from error
    try:
        with _quiet(), Image.open(io.BytesIO(_texts_first(source.data))) as picture:
            _collect(facts, picture, options.limits)
        if source.data.startswith(_TIFF):
            facts.pages = _tiff_pages(source.data)
    except Image.DecompressionBombError as error:
        raise DocumentLimitError(f"the image has too many pixels: {error}") from error
    except UnidentifiedImageError as error:
        if source.mime not in {"image/heic", "image/avif"}:
            raise DocumentError("the image is damaged: its header cannot be read") from error
        raise UnsupportedDocumentError(
            f"images of the type {source.mime} cannot be read", remedy="Save it as PNG or JPEG"
        ) from error
    except _DAMAGE as error:
        raise DocumentError(f"the image is damaged: {error}") from error
    return facts.extraction()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns and logs about damage; what matters of it is in the result."""
    log = logging.getLogger("PIL")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


def _texts_first(data: bytes) -> bytes:
    """A PNG with the pixels moved behind the texts, which are then read without decoding the pixels."""
    if not data.startswith(_PNG):
        return data
    at, count = len(_PNG), 0
    before: list[bytes] = []
    pixels: list[bytes] = []
    while at + 12 <= len(data) and count < _MOST_CHUNKS:
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        chunk = data[at : at + size + 12]
        if kind == b"IEND" or len(chunk) < size + 12:
            break
        (pixels if kind in {b"IDAT", b"fdAT", b"fcTL"} else before).append(chunk)
        at += size + 12
        count += 1
    if b"IDAT" not in {chunk[4:8] for chunk in pixels}:
        return data
    return b"".join([_PNG, *before, *pixels, data[at:]])


def _tiff_pages(data: bytes) -> int | None:
    """Number of pictures in a TIFF; None if there is just one."""
    order = "<" if data.startswith(b"II") else ">"
    seen: set[int] = set()
    with contextlib.suppress(struct.error):
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        while at and at not in seen and len(seen) < _MOST_PAGES:
            (entries,) = struct.unpack_from(f"{order}H", data, at)
            following = at + 2 + 12 * entries
            seen.add(at)
            (at,) = struct.unpack_from(f"{order}I", data, following)
    return len(seen) if len(seen) > 1 else None


def _collect(facts: Facts, picture: Any, limits: Limits) -> None:
    from PIL import Image

    width, height = picture.size
    facts.metadata |= {
        "width": width,
        "height": height,
        "format": _FORMATS.get(picture.format, (picture.format or "").lower()),
    }
    info: dict[Any, Any] = picture.info
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp")
    try:
        # Not that of a PNG: it would decode all pixels in search of a chunk that is not there.
        exif = Image.Image.getexif(picture)
        if xmp is None:
            xmp = exif.get(700)
        _read_exif(facts, exif)
    except _DAMAGE as error:
        facts.warnings.append(f"its EXIF data are damaged: {error}")
    if isinstance(xmp, (bytes, str)):
        _read_xmp(facts, xmp.encode() if isinstance(xmp, str) else xmp, limits)
    _read_iptc(facts, picture)
    _read_notes(facts, {**info, **getattr(picture, "text", {})})


def _text(value: object) -> str:
    """The text of a tag, from whatever form it is stored in."""
    if value is None:
        return ""
    if (
        isinstance(value, tuple)
        and value
        and all(isinstance(part, int) and 0 <= part < 256 for part in value)
    ):
        value = bytes(value)
    if isinstance(value, str):
        # Pillow takes the bytes of EXIF texts for Latin-1; programs write UTF-8.
        with contextlib.suppress(UnicodeError):
            value = value[:_LONGEST].encode("latin-1").decode()
    if not isinstance(value, bytes):
        return readable(str(value)).strip("\0 \n")[:_LONGEST]
    try:
        text = value[:_LONGEST].decode()
    except UnicodeDecodeError:
        text = value[:_LONGEST].decode("latin-1")
    return readable(text).strip("\0 \n")


def _wide_text(value: object) -> str:
    """A text that Windows wrote into a picture, as UTF-16."""
    if isinstance(value, tuple):
        value = bytes([part & 255 for part in value if isinstance(part, int)])
    if not isinstance(value, bytes):
        return _text(value)
    return readable(value[: 2 * _LONGEST].decode("utf-16-le", "replace")).strip("\0 \n")


def _comment(value: object) -> str:
    """A user comment: eight bytes that name the encoding, then text."""
    if not isinstance(value, bytes):
        return _text(value)
    code, text = value[:8].rstrip(b"\0 "), value[8:]
    if code == b"UNICODE":
        even, odd = text[::2].count(0), text[1::2].count(0)
        return readable(text.decode("utf-16-be" if even > odd else "utf-16-le", "replace")).strip("\0 \n")
    return _text(text if code in {b"ASCII", b"JIS", b""} else value)


def _read_exif(facts: Facts, exif: Any) -> None:
    details = dict(exif.get_ifd(_DETAILS))
    named: dict[str, Any] = {}
    for tag, name in _EXIF.items():
        value = details.get(tag, exif.get(tag))
        shown = number_of(value) if not isinstance(value, (str, bytes)) else _text(value)
        if shown not in {None, ""}:
            named[name] = shown
    taken = _moment(_text(details.get(36867)), _text(details.get(36881)))
    changed = _moment(_text(exif.get(306)), _text(details.get(36880)))
    named |= {name: value for name, value in (("taken", taken), ("changed", changed)) if value}
    if named:
        facts.metadata["exif"] = named
    place = _place(dict(exif.get_ifd(_GPS)))
    if place is not None:
        facts.metadata["gps"] = place
    facts.say(
        title=_wide_text(exif.get(40091)),
        description=_text(exif.get(270)) or _wide_text(exif.get(40092)) or _comment(details.get(37510)),
        author=_text(exif.get(315)) or _wide_text(exif.get(40093)),
        taken=taken,
    )
    facts.keywords |= dict.fromkeys(words_of(_wide_text(exif.get(40094))))


def _moment(stamp: str, zone: str) -> str:
    """``2024-03-02T10:20:30`` with the zone if there is one; empty if it is no date."""
    found = _EXIF_DATE.match(stamp)
    if found is None:
        return ""
    try:
        moment = dt.datetime(*map(int, found.groups()))  # type: ignore[arg-type] # noqa: DTZ001
    except ValueError:
        return ""
    return moment.isoformat() + (zone if _ZONE.fullmatch(zone) else "")


def _place(gps: dict[int, Any]) -> list[float] | None:
    """Latitude and longitude in degrees, south and west negative."""
    place = []
    for sign, angle, negative, most in ((1, 2, "S", 90), (3, 4, "W", 180)):
        parts = gps.get(angle)
        if not isinstance(parts, tuple) or len(parts) != 3:
            return None
        numbers = [number_of(part) for part in parts]
        if any(number is None for number in numbers):
            return None
        degrees = sum(float(number or 0) / 60**power for power, number in enumerate(numbers))
        if not 0 <= degrees <= most:
            return None
        place.append(round(-degrees if _text(gps.get(sign)).upper().startswith(negative) else degrees, 7))
    return place


def _read_xmp(facts: Facts, packet: bytes, limits: Limits) -> None:
    if len(packet) > _MOST_XMP:
        facts.warnings.append("its XMP data are too large to be read")
        return
    start, end = packet.find(b"<"), packet.rfind(b">")
    try:
        root = parse_xml(packet[start : end + 1], limits)
    except DocumentError as error:
        facts.warnings.append(f"its XMP data are damaged: {error.message}")
        return
    taken = ""
    for element in root.iter(f"{_RDF}Description"):
        values = {**element.attrib, **{child.tag: _plain_value(child) for child in element}}
        date = values.get("{http://ns.adobe.com/exif/1.0/}DateTimeOriginal") or values.get(
            "{http://ns.adobe.com/photoshop/1.0/}DateCreated", ""
        )
        taken = taken or (date if seconds_of(date) is not None else "")
        facts.say(
            title=_best_text(element.find(f"{_DC}title")),
            description=_best_text(element.find(f"{_DC}description")) or _best_text(element.find(_ALT)),
            author=", ".join(_items(element.find(f"{_DC}creator"))),
        )
        facts.keywords |= dict.fromkeys(
            word for text in _items(element.find(f"{_DC}subject")) for word in words_of(text)
        )
    facts.say(taken=taken)


def _plain_value(element: Element) -> str:
    return (element.text or "").strip()


def _items(element: Element | None) -> list[str]:
    if element is None:
        return []
    texts = [" ".join((item.text or "").split()) for item in element.iter(f"{_RDF}li")]
    return [text for text in texts if text] or ([_plain_value(element)] if _plain_value(element) else [])


def _best_text(element: Element | None) -> str:
    """The text in the default language, else the first one."""
    if element is None:
        return ""
    found = list(element.iter(f"{_RDF}li"))
    found.sort(key=lambda item: item.get(_LANGUAGE) != "x-default")
    return (found[0].text or "").strip() if found else _plain_value(element)


def _read_iptc(facts: Facts, picture: Any) -> None:
    from PIL import IptcImagePlugin

    try:
        fields = IptcImagePlugin.getiptcinfo(picture) or {}
    except _DAMAGE:
        facts.warnings.append("its IPTC data are damaged")
        return
    first = {key: _text(value[0] if isinstance(value, list) else value) for key, value in fields.items()}
    words = fields.get((2, 25), [])
    facts.say(
        title=first.get((2, 5), "") or first.get((2, 105), ""),
        description=first.get((2, 120), ""),
        author=first.get((2, 80), ""),
    )
    facts.keywords |= dict.fromkeys(filter(None, map(_text, words if isinstance(words, list) else [words])))


def _read_notes(facts: Facts, info: dict[Any, Any]) -> None:
    """Texts of a PNG, comments of a GIF or JPEG."""
    texts: dict[str, str] = {}
    for key, value in info.items():
        if isinstance(key, str) and isinstance(value, (str, bytes)) and key.lower() not in _BINARY:
            texts.setdefault(key, _text(value))
    lowered = {key.lower(): text for key, text in texts.items()}
    facts.say(
        title=lowered.get("title", ""),
        description=lowered.get("description", "") or lowered.get("comment", ""),
        author=lowered.get("author", "") or lowered.get("artist", ""),
        taken=lowered.get("creation time", "")
        if seconds_of(lowered.get("creation time")) is not None
        else "",
    )
    facts.keywords |= dict.fromkeys(words_of(lowered.get("keywords")))
    if facts.metadata["format"] == "png":
        shown = {key: text for key, text in list(texts.items())[:_MOST_NOTES] if text}
        if shown:
            facts.metadata["png_text"] = shown


_BINARY = frozenset(
    [
        *(
            "exif",
            "xmp",
            "icc_profile",
            "photoshop",
            "transparency",
            "xml:com.adobe.xmp",
            "adobe",
            "background",
        ),
        *("jfif", "extension", "version", "compression", "mp"),
        *("raw profile type exif", "raw profile type xmp", "raw profile type iptc"),
    ]
)
