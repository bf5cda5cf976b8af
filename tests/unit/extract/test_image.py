"""Pictures: their titles, descriptions, keywords, cameras and places."""

from __future__ import annotations

import io
import logging
import struct
import sys
import zlib
from pathlib import Path

import pytest

from mv2.errors import DocumentError, DocumentLimitError, MissingExtraError, UnsupportedDocumentError
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.image import read

Image = pytest.importorskip("PIL.Image")

SAMPLES = Path(__file__).parents[2] / "samples" / "image"


def extract(data: bytes, mime: str | None = None, limits: Limits | None = None) -> Extraction:
    return read(Source(data=data, mime=mime), ReadOptions(limits=limits or Limits()))


def sample(name: str) -> Extraction:
    return extract((SAMPLES / name).read_bytes())


def test_a_photograph_with_exif_and_xmp() -> None:
    found = sample("photo.jpg")
    assert (
        found.text == "The old bridge\n\nA stone bridge over the river, seen from the mill.\n\nbridge, river"
    )
    assert [block.kind for block in found.blocks] == ["heading", "paragraph", "paragraph"]
    assert (found.title, found.author) == ("The old bridge", "Ann Example")
    assert found.keywords == ("bridge", "river")
    assert found.metadata["gps"] == [59.9139, -10.7522]
    assert found.metadata["taken"] == "2024-03-02T10:20:30+02:00"
    assert found.created == 1709367630
    assert (found.metadata["width"], found.metadata["height"], found.metadata["format"]) == (64, 48, "jpeg")
    assert found.metadata["exif"] == {
        "make": "Kamera",
        "model": "K 100",
        "orientation": 6,
        "exposure_seconds": 0.004,
        "f_number": 5.6,
        "iso": 200,
        "focal_length_mm": 35,
        "taken": "2024-03-02T10:20:30+02:00",
    }
    assert found.warnings == ()


def texts_behind_pixels(data: bytes) -> bytes:
    texts, pixels, end = data.index(b"tEXt") - 4, data.index(b"IDAT") - 4, data.index(b"IEND") - 4
    return data[:texts] + data[pixels:end] + data[texts:pixels] + data[end:]


@pytest.mark.parametrize("behind", [False, True], ids=["before the pixels", "behind the pixels"])
def test_texts_of_a_png(behind: bool) -> None:
    data = (SAMPLES / "plan.png").read_bytes()
    if behind:
        data = texts_behind_pixels(data)
        assert data.index(b"IDAT") < data.index(b"Plan of the garden")
    found = extract(data)
    assert found.text == "Plan of the garden\n\nBeds and paths"
    assert (found.title, found.author) == ("Plan of the garden", "Bob Sample")
    assert found.metadata["png_text"]["Comment"] == "Größe in Metern"


def test_press_tags_and_tiff() -> None:
    found = sample("iptc.jpg")
    assert found.text == "Market day\n\nStalls on the square\n\nmarket, stalls"
    assert found.author == "Cid"
    deed = sample("deed.tiff")
    assert deed.text == "Page one of the deed\n\ndeed"
    assert deed.metadata["format"] == "tiff"


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "bmp", "webp", "tiff"])
def test_a_picture_that_says_nothing_has_no_text(form: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (31, 17)).save(out, format=form)
    found = extract(out.getvalue())
    assert (found.text, found.blocks, found.title) == ("", (), None)
    assert found.metadata == {"width": 31, "height": 17, "format": form}


def test_exif_texts_in_utf8() -> None:
    exif = Image.Exif()
    exif[315], exif[270] = "Beat Rüegg".encode(), "Café".encode("latin-1")
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, format="jpeg", exif=exif)
    found = extract(out.getvalue())
    assert (found.author, found.text) == ("Beat Rüegg", "Café")


def test_pictures_of_a_tiff_are_its_pages() -> None:
    out = io.BytesIO()
    more = [Image.new("1", (8, 8)) for _ in range(2)]
    Image.new("1", (8, 8)).save(out, format="tiff", save_all=True, append_images=more)
    data = out.getvalue()
    assert extract(data).pages == 3
    first = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[first : first + 2], "little")
    at = first + 2 + 12 * entries
    assert extract(data[:at] + data[4:8] + data[at + 4 :]).pages is None  # its directory names itself


def test_a_comment_is_a_description() -> None:
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, format="gif", comment=b"Drawn on a Sunday")
    assert extract(out.getvalue()).text == "Drawn on a Sunday"


def test_a_drawing_shows_its_words() -> None:
    found = sample("drawing.svg")
    assert found.text == (
        "How a lock works\n\nTwo gates and a chamber\n\nUpper gate\n\nChamber for one boat\n\nLower gate"
    )
    assert found.metadata == {"format": "svg", "width": 200, "height": 100}
    assert found.language == "en"


def test_a_drawing_with_entities_is_refused_and_other_xml_is_no_drawing() -> None:
    bomb = (
        b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg"><text>&a;</text></svg>'
    )
    with pytest.raises(DocumentError):
        extract(bomb, "image/svg+xml")
    with pytest.raises(UnsupportedDocumentError, match="SVG"):
        extract(b"<note/>", "image/svg+xml")


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    written = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def test_a_picture_of_absurd_size_is_refused() -> None:
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = png((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    with pytest.raises(DocumentLimitError, match="pixels"):
        extract(data)


def test_a_text_that_expands_without_end_is_no_text() -> None:
    head = struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)
    bomb = b"Comment\0\0" + zlib.compress(b"a" * 80_000_000, 9)
    data = png((b"IHDR", head), (b"zTXt", bomb), (b"IDAT", zlib.compress(bytes(20))), (b"IEND", b""))
    try:
        found = extract(data)
    except DocumentError:
        return
    assert len(found.text) < 2_000_000


@pytest.mark.parametrize("name", ["photo.jpg", "plan.png", "deed.tiff", "iptc.jpg"])
def test_bytes_changed_anywhere_end_in_facts_or_in_a_document_error(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    data = (SAMPLES / name).read_bytes()
    well = 0
    for at in range(len(data)):
        if at % max(1, len(data) // 250):
            continue
        for value in (0, 0xFF):
            try:
                found = extract(data[:at] + bytes([value]) + data[at + 1 :])
            except DocumentError:
                continue
            well += found.metadata["width"] > 0
    assert well > 50
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0nothing", b"GIF89a"])
def test_damage_is_said(data: bytes) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        extract(data)


def test_a_format_that_cannot_be_read_says_what_to_do() -> None:
    with pytest.raises(UnsupportedDocumentError, match="image/heic") as caught:
        extract(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50), "image/heic")
    assert caught.value.remedy is not None


def test_without_pillow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError) as caught:
        sample("photo.jpg")
    assert "mv2[media]" in str(caught.value)
    assert sample("drawing.svg").title == "How a lock works"
