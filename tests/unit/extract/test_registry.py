"""Which reader reads what, and the readers of other packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from plugin_package import install

from mv2.errors import DocumentError, EncryptedDocumentError, MissingExtraError, UnsupportedDocumentError
from mv2.extract._kinds import BUILT_IN
from mv2.extract._plugins import Plugins, offers
from mv2.extract.detect import detect
from mv2.extract.model import Reader, ReadOptions, Source
from mv2.extract.registry import Registry, broken_plugins, reader_for, readers

GUESTS = """
    def read(source, options):
        return Extraction(text=source.data.decode())

    kettle = reader("kettle", read, extensions=("ktl", "tea.txt"), magic=((0, b"KTL1"),))
    markdown = reader("markdown", read, extensions=("md",))
    wrong = "no reader"
    misnamed = reader("other", read)
"""


def plugins(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str, **places: str) -> Registry:
    package = f"guests_{folder.name.replace('-', '_')}"
    monkeypatch.syspath_prepend(str(install(folder, GUESTS, *names, package=package, **places)))
    return Registry(Plugins(offers()))


def test_names_are_unique_and_types_and_endings_belong_to_one_reader() -> None:
    assert len({reader.name for reader in BUILT_IN}) == len(BUILT_IN)
    for field in ("mimes", "extensions"):
        all_of_them = [one for reader in BUILT_IN for one in getattr(reader, field)]
        assert sorted(set(all_of_them)) == sorted(all_of_them)


@pytest.mark.parametrize("reader", BUILT_IN, ids=lambda reader: reader.name)
def test_every_reader_exists(reader: Reader) -> None:
    """Its function can be imported where its extra is installed."""
    try:
        assert callable(Registry(Plugins(())).function(reader))
    except MissingExtraError as error:
        pytest.skip(str(error))


def test_the_reader_follows_the_type() -> None:
    registry = Registry(Plugins(()))
    assert registry.reader_for(detect(b"%PDF-1.4")).name == "pdf"
    assert registry.reader_for(detect(b"words", "a.md")).name == "markdown"
    assert reader_for(detect(b"words", "a.csv")).name == "delimited"
    assert {"pdf", "text", "archive"} <= {reader.name for reader in readers()}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x00\x01\x02", "binary data of an unknown kind"),
        (b"\x1a\x45\xdf\xa3\x01\x00webm", "video"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z archive.*Unpack it first"),
        (b"MV2\x00\x02\x01", "a memory, not a document"),
    ],
)
def test_what_is_not_read_is_said(data: bytes, words: str) -> None:
    with pytest.raises(UnsupportedDocumentError, match=words):
        reader_for(detect(data))


def test_encrypted_office_files_are_told() -> None:
    from mv2.extract.detect import FileType

    with pytest.raises(EncryptedDocumentError):
        reader_for(FileType(mime="application/x-encrypted-office", reader=None))


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(UnsupportedDocumentError, match=r"no reader 'pfd'.*pdf"):
        Registry(Plugins(())).named("pfd")


def test_a_missing_package_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    registry = Registry(Plugins(()))
    reader = registry.named("pdf")
    with pytest.raises(MissingExtraError, match=r"pypdfium2.*pip install 'mv2\[docs\]'"):
        registry.function(reader)


def test_a_module_that_lacks_a_package_is_told_too() -> None:
    reader = Reader(name="x", mimes=(), extensions=(), read="no_such_package.readers:read", extra="web")
    with pytest.raises(MissingExtraError, match=r"pip install 'mv2\[web\]'"):
        Registry(Plugins(())).function(reader)


def test_a_plugin_reads_what_nobody_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = plugins(tmp_path, monkeypatch, "kettle")
    data = b"\x00\x01"
    assert registry.reader_for(detect(data, "a.ktl"), data, "a.ktl").name == "kettle"
    assert registry.reader_for(detect(b"words", "A.KTL"), b"words", "A.KTL").name == "kettle"
    data = b"KTL1\x00"
    found = registry.reader_for(detect(data, "a.bin"), data, "a.bin")
    assert found.name == "kettle"
    assert registry.function(found)(Source(data=b"hot"), ReadOptions()).text == "hot"
    assert "kettle" in {reader.name for reader in registry.readers()}


def test_plugins_claim_endings_of_plain_text_but_not_kinds_that_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = plugins(tmp_path, monkeypatch, "kettle")
    for name in ("a.zzz", "a.md", "a.csv", ""):
        assert registry.reader_for(detect(b"words", name), b"words", name).name != "kettle"
    page = b"<!DOCTYPE html><p>"
    assert registry.reader_for(detect(page, "a.ktl"), page, "a.ktl").name == "html"


def test_a_plugin_takes_the_place_of_a_reader_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = plugins(tmp_path, monkeypatch, "markdown")
    found = registry.reader_for(detect(b"# T", "a.md"))
    assert callable(found.read)
    assert registry.named("markdown") is found
    assert [reader.name for reader in registry.readers()] == [reader.name for reader in BUILT_IN]


def test_broken_plugins_break_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = {
        "gone": "no_such_module_anywhere:reader",
        "wrong": f"guests_{tmp_path.name.replace('-', '_')}:wrong",
        "misnamed": f"guests_{tmp_path.name.replace('-', '_')}:misnamed",
        "nothing": f"guests_{tmp_path.name.replace('-', '_')}:nothing",
        "markdown": "no_such_module_anywhere:markdown",
    }
    registry = plugins(tmp_path, monkeypatch, "kettle", **places)
    data = b"\x00\x01"
    assert registry.reader_for(detect(data, "a.ktl"), data, "a.ktl").name == "kettle"
    assert registry.reader_for(detect(b"# T", "a.md")).read == "mv2.extract.readers.markdown:read"
    assert sorted(registry.plugins.broken) == ["gone", "markdown", "misnamed", "nothing", "wrong"]
    assert "not a mv2 Reader" in registry.plugins.broken["wrong"]
    assert "'other'" in registry.plugins.broken["misnamed"]
    with pytest.raises(DocumentError, match="'gone' cannot be loaded: ModuleNotFoundError"):
        registry.named("gone")


def test_plugins_are_not_loaded_for_kinds_that_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = plugins(tmp_path, monkeypatch, gone="no_such_module_anywhere:reader")
    assert registry.reader_for(detect(b"%PDF-1.4")).name == "pdf"
    assert registry.plugins.broken == {}


def test_without_plugins_none_is_broken() -> None:
    assert broken_plugins() == {}
