"""Archives, honest and hostile."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import time
import zipfile
import zlib

import pytest

from mv2.errors import (
    DocumentError,
    DocumentLimitError,
    EncryptedDocumentError,
    UnsupportedDocumentError,
)
from mv2.extract.model import Extraction, Limits, ReadOptions, Source
from mv2.extract.readers.archive import read

FILES = {"notes/a.txt": b"alpha", "b.md": b"# beta", "notes/deep/c.bin": b"\x00\x01"}
PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def read_bytes(data: bytes, name: str = "", limits: Limits | None = None) -> Extraction:
    return read(Source(data=data, name=name), ReadOptions(archives=True, limits=limits or Limits()))


def make_zip(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 3, 5, 12, 0, 0)), data, compression)
    return stream.getvalue()


def make_tar(members: list[tarfile.TarInfo | tuple[str, bytes]], format: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            info.mtime = 1_700_000_000
            archive.addfile(info, io.BytesIO(member[1]))
    return stream.getvalue()


def link(name: str, kind: bytes, target: str = "/etc/passwd") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def contents(extraction: Extraction) -> dict[str, bytes]:
    return {part.name: part.data for part in extraction.parts}


def test_zip() -> None:
    extraction = read_bytes(make_zip({"notes/": b"", **FILES}), "all.zip")
    assert contents(extraction) == FILES
    assert extraction.text == "notes/a.txt\nb.md\nnotes/deep/c.bin"
    assert {part.modified for part in extraction.parts} == {1_709_640_000}
    assert extraction.metadata == {"members": 3}
    assert extraction.warnings == ()


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("packing", ["", *PACK])
def test_tar(format: int, packing: str) -> None:
    folder = tarfile.TarInfo("notes")
    folder.type = tarfile.DIRTYPE
    data = make_tar([folder, *FILES.items()], format)
    extraction = read_bytes(PACK[packing](data) if packing else data, f"all.tar.{packing}")
    assert contents(extraction) == FILES
    assert {part.modified for part in extraction.parts} == {1_700_000_000}
    assert extraction.warnings == ()


def test_long_names_of_tar() -> None:
    name = "folder/" * 30 + "end.txt"
    for kind in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        assert contents(read_bytes(make_tar([(name, b"x")], kind))) == {name: b"x"}


def test_tar_without_mark() -> None:
    data = bytearray(make_tar([("a.txt", b"old")], tarfile.USTAR_FORMAT))
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    assert contents(read_bytes(bytes(data))) == {"a.txt": b"old"}


@pytest.mark.parametrize("packing", PACK)
def test_single_file(packing: str) -> None:
    extraction = read_bytes(PACK[packing](b"a report"), f"report.txt.{packing}")
    assert contents(extraction) == {"report.txt": b"a report"}
    assert extraction.text == "report.txt"


def test_several_streams_in_one_file() -> None:
    for packing, pack in PACK.items():
        assert read_bytes(pack(b"one ") + pack(b"two"), f"a.{packing}").parts[0].data == b"one two"


def test_gzip_knows_its_name_and_time() -> None:
    stream = io.BytesIO()
    with gzip.GzipFile("../data/log.csv", "wb", fileobj=stream, mtime=1_700_000_000) as file:
        file.write(b"a,b")
    extraction = read_bytes(stream.getvalue())
    assert contents(extraction) == {"log.csv": b"a,b"}
    assert extraction.parts[0].modified == 1_700_000_000


def test_archives_in_archives_are_parts() -> None:
    inner = make_zip(FILES)
    assert contents(read_bytes(make_zip({"inner.zip": inner}))) == {"inner.zip": inner}


def test_names_that_lead_out_are_refused() -> None:
    bad = {
        "../up.txt": b"1",
        "/etc/passwd": b"2",
        "a/../../b": b"3",
        "C:\\windows\\x.txt": b"4",
        "n" * 2000: b"5",
        "\\\\server\\share": b"6",
    }
    for data in (make_zip({**bad, "good.txt": b"7"}), make_tar([*bad.items(), ("good.txt", b"7")])):
        extraction = read_bytes(data)
        assert contents(extraction) == {"good.txt": b"7"}
        assert len(extraction.warnings) == len(bad)
        assert sum("absolute" in one for one in extraction.warnings) == 3
        assert sum("leads out" in one for one in extraction.warnings) == 2
        assert sum("too long" in one for one in extraction.warnings) == 1
        assert all(len(one) < 200 for one in extraction.warnings)


def test_links_and_devices_are_left_out() -> None:
    members = [
        link("soft", tarfile.SYMTYPE),
        link("hard", tarfile.LNKTYPE),
        link("device", tarfile.CHRTYPE),
        link("pipe", tarfile.FIFOTYPE),
        ("good.txt", b"7"),
    ]
    extraction = read_bytes(make_tar(members))
    assert contents(extraction) == {"good.txt": b"7"}
    assert [one.split(" is ")[0] for one in extraction.warnings] == ["'soft'", "'hard'", "'device'", "'pipe'"]


def test_links_in_zip_are_left_out() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("soft")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("good.txt", b"7")
    extraction = read_bytes(stream.getvalue())
    assert contents(extraction) == {"good.txt": b"7"}
    assert extraction.warnings == ("'soft' is left out: it is a link",)


def test_files_of_operating_systems_are_left_out() -> None:
    extraction = read_bytes(make_zip({"__MACOSX/._a.txt": b"1", "x/.DS_Store": b"2", "x/a.txt": b"3"}))
    assert contents(extraction) == {"x/a.txt": b"3"}
    assert extraction.warnings == ("2 files that operating systems leave behind are left out",)


def test_members_of_one_name() -> None:
    extraction = read_bytes(make_tar([("d/a.txt", b"1"), ("d/a.txt", b"2"), ("b", b"3"), ("b", b"4")]))
    assert contents(extraction) == {"d/a.txt": b"1", "d/a (2).txt": b"2", "b": b"3", "b (2)": b"4"}


def encrypt(data: bytes, which: int | None = None) -> bytes:
    """Set the mark of encryption on all members, or on one."""
    out = bytearray(data)
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start, index = out.find(mark), 0
        while start >= 0:
            if which is None or index == which:
                out[start + place] |= 1
            start, index = out.find(mark, start + 4), index + 1
    return bytes(out)


def test_archive_with_password() -> None:
    with pytest.raises(EncryptedDocumentError):
        read_bytes(encrypt(make_zip(FILES)))
    extraction = read_bytes(encrypt(make_zip(FILES), which=1))
    assert set(contents(extraction)) == {"notes/a.txt", "notes/deep/c.bin"}
    assert extraction.warnings == ("'b.md' is left out: it needs a password",)


def test_damaged_member_is_left_out() -> None:
    data = make_zip({"a.txt": b"first", "b.txt": b"second"}, zipfile.ZIP_STORED).replace(b"second", b"sEcond")
    extraction = read_bytes(data)
    assert contents(extraction) == {"a.txt": b"first"}
    assert "'b.txt' is left out" in extraction.warnings[0]


def test_cut_tar_gives_what_is_whole() -> None:
    data = make_tar([("a.txt", b"first"), ("b.txt", b"x" * 5000)])
    extraction = read_bytes(data[:3000])
    assert contents(extraction) == {"a.txt": b"first"}
    assert "damaged behind 'a.txt'" in extraction.warnings[0]


def test_warnings_are_bounded() -> None:
    extraction = read_bytes(make_tar([link(f"l{number}", tarfile.SYMTYPE) for number in range(500)]))
    assert len(extraction.warnings) == 21
    assert extraction.warnings[-1] == "480 more members are left out"


@pytest.mark.parametrize("packing", PACK)
def test_bombs_stop_early(packing: str) -> None:
    bomb = PACK[packing](bytes(60_000_000))
    with pytest.raises(DocumentLimitError, match="ratio"):
        read_bytes(bomb, f"bomb.{packing}")
    with pytest.raises(DocumentLimitError, match="expanded_bytes"):
        read_bytes(bomb, limits=Limits(ratio=1e9, expanded_bytes=2_000_000))


def test_bomb_in_zip() -> None:
    with pytest.raises(DocumentLimitError):
        read_bytes(make_zip({"zeros": bytes(60_000_000)}))


def test_bomb_of_a_sparse_file() -> None:
    """A member that says of itself that it is one long hole."""
    info = tarfile.TarInfo("hole")
    info.type = tarfile.GNUTYPE_SPARSE
    info.size = 512
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0" % (3 << 30) + b"%011o\0" % 512
    header[483:495] = b"%011o\0" % ((3 << 30) + 512)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(DocumentLimitError):
        read_bytes(bytes(header) + b"x" * 512 + bytes(1024))


def test_too_many_members() -> None:
    few = Limits(members=10)
    many = {f"{number}.txt": b"" for number in range(11)}
    for data in (make_zip(many), make_tar(list(many.items())), gzip.compress(make_tar(list(many.items())))):
        with pytest.raises(DocumentLimitError, match="members"):
            read_bytes(data, limits=few)


def test_chain_of_extended_headers_is_refused() -> None:
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    header.size = 16
    block = header.tobuf(tarfile.USTAR_FORMAT) + b"16 comment=abcd\n".ljust(512, b"\0")
    with pytest.raises(DocumentError, match="damaged"):
        read_bytes(block * 5000)


def test_xz_that_wants_much_memory_is_refused() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    data = bytearray(lzma.compress(b"x" * 1000, filters=filters))
    # The property byte of the dictionary: 39 means 3 GiB. The header's checksum follows.
    place = data.index(b"\x21\x01", 12) + 2
    data[place] = 39
    size = (data[12] + 1) * 4
    data[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(bytes(data[12 : 12 + size - 4])))
    with pytest.raises(DocumentLimitError, match="memory"):
        read_bytes(bytes(data))


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_damaged_streams(packing: str, cut: float) -> None:
    data = PACK[packing](bytes(range(256)) * 40)
    with pytest.raises(DocumentError):
        read_bytes(data[: int(len(data) * cut)], f"a.{packing}")


@pytest.mark.parametrize(
    "data", [b"7z\xbc\xaf\x27\x1c rest", b"no archive", b"PK\x03\x04 rest", b"\x1f\x8b rest"]
)
def test_no_archives(data: bytes) -> None:
    with pytest.raises(DocumentError):
        read_bytes(data)


@pytest.mark.parametrize("data", [b"", make_tar([]), make_zip({})])
def test_empty_archives(data: bytes) -> None:
    assert read_bytes(data).parts == ()


def test_very_many_small_streams_take_no_quadratic_time() -> None:
    """Each was once cut off from a copy of all that follow."""
    one = lzma.compress(b"")
    started = time.monotonic()
    found = read_bytes(one * 40_000 + lzma.compress(b"end"), "a.txt.xz")
    assert contents(found) == {"a.txt": b"end"}
    assert time.monotonic() - started < 10


def test_streams_may_have_zeros_between_them() -> None:
    data = lzma.compress(b"one ") + bytes(8) + lzma.compress(b"two") + bytes(4)
    assert contents(read_bytes(data, "a.txt.xz")) == {"a.txt": b"one two"}


def test_new_names_are_not_those_of_others() -> None:
    found = read_bytes(make_tar([("a (2).txt", b"1"), ("a.txt", b"2"), ("a.txt", b"3"), ("a (2).txt", b"4")]))
    names = [part.name for part in found.parts]
    assert len(set(names)) == 4
    assert names[:2] == ["a (2).txt", "a.txt"]


def test_names_are_utf_8_also_where_the_archive_does_not_say_so() -> None:
    """Many programs leave the mark away; what is no UTF-8 is what old programs meant."""
    data = make_zip({"Küche/ä.txt": b"1", "plain.txt": b"2"}, zipfile.ZIP_STORED)
    unmarked = data.replace(b"\x14\x00\x00\x08", b"\x14\x00\x00\x00")
    assert unmarked.count(b"\x00\x08\x00\x00") < data.count(b"\x00\x08\x00\x00")
    assert contents(read_bytes(unmarked, "a.zip")) == {"Küche/ä.txt": b"1", "plain.txt": b"2"}
    old = unmarked.replace("ä".encode(), b"\x84_")
    assert "K├╝che/ä_.txt" in contents(read_bytes(old, "a.zip"))


def test_an_archive_is_read_only_when_archives_are_asked_for() -> None:
    with pytest.raises(UnsupportedDocumentError, match="not asked for"):
        read(Source(data=b"PK\x03\x04", name="a.zip"), ReadOptions())
