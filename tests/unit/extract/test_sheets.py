"""Spreadsheets say what a person sees in them, and hostile ones end in an error or soon."""

import datetime as dt
import io
import struct
import sys
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.table import Table, TableStyleInfo

from mv2.errors import DocumentError, DocumentLimitError, EncryptedDocumentError, MissingExtraError
from mv2.extract.model import Limits, ReadOptions, Source
from mv2.extract.readers._sheet_formats import NumberFormat
from mv2.extract.readers._sheet_model import column_letters, column_number, parse_area, shown_of
from mv2.extract.readers.sheets import read

SAMPLES = Path(__file__).parents[2] / "samples"
KINDS = ["xlsx", "ods", "xls"]


SALES = """\
Sales 2024

Quarterly sales

| Region | Date | Amount | Share | Margin | Start |
| --- | --- | --- | --- | --- | --- |
| North | 2024-01-31 | 1,234.50 € | 25 % | 12.50 % | 08:30 |
| South | 2024-02-29 14:30 | -20.00 € | 13 % | 100.00 % | 14:05:09 |
| West | 2024-03-31 | 3.00 € | 100 % | 7.25 % | 27:15:00 |
| Sum |  | 1,217.50 € | #DIV/0! | #N/A |  |

Remark
check the south | again

Source: ledger of the northern office, closed in April

Contact: Ann Lee
Phone: 0170 1234

Staff

| Name | Age | City |
| --- | --- | --- |
| Ann | 30 | Bergen |
| Bob | 41 | Turku |
| Cid | 52 | Vilnius |

list of May

Groups

| Product | 2023 Q1 | 2024 Q1 | 2024 Q2 |
| --- | --- | --- | --- |
| Pump | 1 | 3 | 4 |
| Hose | 9 | 11 | 12 |"""


def extract(data, name="book.xlsx", **options):
    return read(Source(data=data, name=name), ReadOptions(**options))


def sample(kind, **options):
    return extract((SAMPLES / kind / f"sales.{kind}").read_bytes(), f"sales.{kind}", **options)


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sheet_of(rows, **cells):
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for place, value in cells.items():
        sheet[place] = value
    return book, sheet


def text_of(rows, **cells):
    return extract(saved(sheet_of(rows, **cells)[0])).text.partition("\n\n")[2]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_as_it_is_shown(kind):
    found = sample(kind)
    assert found.text == SALES
    assert found.pages == 4
    assert found.warnings == (
        "sheet 'Groups': 1 hidden row left out",
        "sheet 'Groups': 1 hidden column left out",
        "hidden sheets left out: Secret",
    )
    sales, staff, groups = found.tables
    assert sales.name == "Quarterly sales"
    assert (sales.sheet, sales.range) == ("Sales 2024", "A2:F6")
    assert sales.types == ("text", "datetime", "currency", "percent", "percent", "time")
    assert sales.rows[0] == ("North", "2024-01-31", 1234.5, 0.25, 0.125, "08:30")
    assert sales.rows[3] == ("Sum", None, 1217.5, "#DIV/0!", "#N/A", None)
    assert staff.types == ("text", "integer", "text")
    assert groups.headers == ("Product", "2023 Q1", "2024 Q1", "2024 Q2")


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_say_where_they_stand(kind):
    blocks = sample(kind).blocks
    assert [(block.kind, block.sheet, block.rows, block.table) for block in blocks] == [
        ("heading", "Sales 2024", None, None),
        ("caption", "Sales 2024", (1, 1), None),
        ("table", "Sales 2024", (3, 6), 0),
        ("paragraph", "Sales 2024", (3, 4), None),
        ("paragraph", "Sales 2024", (8, 8), None),
        ("paragraph", "Sales 2024", (10, 11), None),
        ("heading", "Staff", None, None),
        ("table", "Staff", (2, 4), 1),
        ("paragraph", "Staff", (1, 1), None),
        ("heading", "Groups", None, None),
        ("table", "Groups", (3, 5), 2),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_hidden_is_read_if_wanted(kind):
    found = sample(kind, hidden=True)
    assert "hidden words" in found.text
    assert "| Valve | 5 | 6 | 7 | 8 |" in found.text
    assert found.warnings == ()


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_comments_are_read_if_wanted(kind):
    assert "Please verify" not in sample(kind).text
    found = sample(kind, comments=True)
    note = next(block for block in found.blocks if block.kind == "note")
    assert found.text[note.start : note.end].startswith("C3")
    assert found.text[note.start : note.end].endswith("Please verify this")
    assert (note.sheet, note.rows) == ("Sales 2024", (3, 3))


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_defined_tables_have_their_name(kind):
    assert sample(kind).tables[1].name == "StaffTable"


def test_comments_name_their_author():
    book, sheet = sheet_of([["a"]])
    sheet["A1"].comment = Comment("Bob:\nlook here", "Bob")
    assert extract(saved(book), comments=True).text.endswith("A1 (Bob): look here")


def test_properties_of_the_workbook():
    book, _ = sheet_of([["a"]])
    book.properties.title = "Accounts"
    book.properties.creator = "Ann Lee"
    book.properties.keywords = "money, May"
    book.properties.created = dt.datetime(2024, 1, 31, 12, 0, 0)  # noqa: DTZ001
    found = extract(saved(book))
    assert (found.title, found.author, found.keywords) == ("Accounts", "Ann Lee", ("money", "May"))
    assert found.created == 1706702400


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        ("General", 1 / 3, "0.333333333"),
        ("General", 0.1 + 0.2, "0.3"),
        ("General", 123456789012, "123456789012"),
        ("General", 1e-7, "1E-07"),
        ("0", 2.5, "3"),
        ("0.00", 2.675, "2.68"),
        ("0.00", -1.005, "-1.01"),
        ("0.##", 5, "5"),
        ("#,##0.00", 1234567.891, "1,234,567.89"),
        ("#,##0,", 1234567, "1,235"),
        ('0.0,,"M"', 12345678, "12.3M"),
        ("00000", 1234, "01234"),
        ("000-00-0000", 123456789, "123-45-6789"),
        ("0%", 0.25, "25 %"),
        ("0.0%", 0.125, "12.5 %"),
        ("0.00E+00", 12345.678, "1.23E+04"),
        ("# ?/?", 1.5, "1 1/2"),
        ("# ??/??", 0.3333, "1/3"),
        ('#,##0.00\\ "€"', 3.2, "3.20 €"),
        ("[$$-409]#,##0.00", -1234.5, "-$1,234.50"),
        ('"$"#,##0.00_);("$"#,##0.00)', -4.5, "($4.50)"),
        ('_-* #,##0.00 "€"_-;-* #,##0.00 "€"_-;_-* "-"?? "€"_-;_-@_-', 0, "- €"),
        ('_-* #,##0.00 "€"_-;-* #,##0.00 "€"_-;_-* "-"?? "€"_-;_-@_-', -1234.5, "-1,234.50 €"),
        ('[>=1000]0.0,"k";0', 2500, "2.5k"),
        ('[>=1000]0.0,"k";0', 25, "25"),
        ('"Q"0', 3, "Q3"),
        ('General" kg"', 5, "5 kg"),
        ("0;-0;;@", 0, ""),
        ("yyyy-mm-dd", 45292, "2024-01-01"),
        ("d. mmmm yyyy", 45292, "2024-01-01"),
        ("[$-407]dddd", 45292, "2024-01-01"),
        ("m/d/yy h:mm AM/PM", 45292.75, "2024-01-01 18:00"),
        ("dd.mm.yyyy hh:mm:ss", 45292.999999, "2024-01-02 00:00:00"),
        ("h:mm", 0.604166666, "14:30"),
        ("mm:ss", 0.01, "00:14:24"),
        ("[h]:mm:ss", 1.5, "36:00:00"),
        ("[h]:mm", 1.25, "30:00"),
        ("yyyy-mm-dd", 60, "1900-02-29"),
        ("yyyy-mm-dd", 59, "1900-02-28"),
        ("yyyy-mm-dd", 61, "1900-03-01"),
        ("yyyy-mm-dd", 1, "1900-01-01"),
        ("yyyy-mm-dd", -3, "-3"),
        ("yyyy-mm-dd", 9e9, "9000000000"),
        ('"', 5, ""),
        ("[" * 50, 5, "5"),
        ("", 5, "5"),
        (";;;", 5, ""),
        ('General;-General;"none"', 0, "none"),
    ],
)
def test_numbers_look_as_their_format_says(code, number, shown):
    assert shown_of(NumberFormat(code).cell(number)) == shown


def test_days_may_count_from_1904():
    assert NumberFormat("yyyy-mm-dd", from_1904=True).cell(0).value == "1904-01-01"
    book, sheet = sheet_of([["day"]])
    book.epoch = CALENDAR_MAC_1904
    sheet["A2"] = dt.date(2024, 1, 31)
    sheet["A3"] = dt.date(2024, 2, 1)
    assert "2024-01-31" in extract(saved(book)).text


def test_formats_of_hostile_length_cost_no_time():
    for code in ("0" * 100_000, "#,##0." + "0" * 100_000, '"' * 100_000, "[<1]" * 50_000, ";" * 100_000):
        assert len(shown_of(NumberFormat(code).cell(1234.5))) < 3_000


def test_booleans_errors_and_texts():
    book, sheet = sheet_of([["kind", "value"], ["yes", True], ["no", False], ["text", "two\nlines"]])
    sheet["A5"], sheet["B5"] = "bad", "#REF!"
    sheet["B5"].data_type = "e"
    found = extract(saved(book))
    assert "| yes | TRUE |\n| no | FALSE |\n| text | two lines |\n| bad | #REF! |" in found.text
    assert found.tables[0].rows[2] == ("text", "two\nlines")
    assert found.tables[0].rows[0] == ("yes", True)


def test_rich_and_odd_texts():
    book, _ = sheet_of([])
    book.active["A1"] = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end")
    book.active["A2"] = "a_x000D_b_x0041_\xa0c\xadd"
    assert extract(saved(book)).text == "Sheet\n\nplain bold end\na\nbA cd"


def test_formulas_without_a_stored_result_are_counted():
    found = extract(saved(sheet_of([["a", "b"], [1, "=A2*2"]])[0]))
    assert "1 formula has no stored result" in found.warnings[0]
    assert "=A2" not in found.text


def test_tables_are_parted_by_empty_rows_and_columns():
    book, sheet = sheet_of(
        [
            ["name", "age", None, "item", "price"],
            ["Ann", 30, None, "Lamp", 2.5],
            ["Bob", 41, None, "Desk", 3.5],
        ]
    )
    for row in ([None], [None], ["town", "souls"], ["Bergen", 5], ["Turku", 7]):
        sheet.append(row)
    found = extract(saved(book))
    assert [table.range for table in found.tables] == ["A1:B3", "D1:E3", "A6:B8"]
    assert [table.headers[0] for table in found.tables] == ["name", "item", "town"]


def test_one_empty_row_does_not_part_a_table_from_its_rest():
    rows = [["name", "age"], ["Ann", 30], ["Bob", 41], [None], ["Cid", 52], [None], ["Sum", 123]]
    found = extract(saved(sheet_of(rows)[0]))
    assert len(found.tables) == 1
    assert found.tables[0].rows[-1] == ("Sum", 123)
    assert found.blocks[1].rows == (2, 7)


def test_one_empty_row_parts_tables_with_a_header_each():
    rows = [["name", "age"], ["Ann", 30], [None], ["town", "souls"], ["Bergen", 5]]
    assert len(extract(saved(sheet_of(rows)[0])).tables) == 2


def test_labels_with_a_gap_before_their_values_stay_together():
    text = text_of([["Name:", None, "Ann Lee"], ["Town:", None, "Bergen"]])
    assert text == "Name: Ann Lee\nTown: Bergen"


def test_merged_cells_repeat_in_tables_but_not_in_lines():
    book, sheet = sheet_of([["Report of the year", None, None], ["area", "town", "n"]])
    for row in (["North", "Bergen", 1], [None, "Oslo", 2], ["South", "Rome", 3]):
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A3:A4")
    found = extract(saved(book))
    assert found.text.count("Report of the year") == 1
    assert found.tables[0].rows == (("North", "Bergen", 1), ("North", "Oslo", 2), ("South", "Rome", 3))


def test_defined_tables_with_others_on_the_sheet():
    rows = [["Name", "Age"], ["Ann", 30], ["Bob", 41]]
    book, sheet = sheet_of(rows, D1="key", E1="n", D2="a", E2=1, D3="b", E3=2, A8="left over")
    table = Table(displayName="People", ref="A1:B3")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleMedium2")
    sheet.add_table(table)
    found = extract(saved(book))
    assert [one.name for one in found.tables] == ["People", "Sheet"]
    assert found.tables[1].rows == (("a", 1), ("b", 2))
    assert found.text.endswith("left over")


def test_a_sheet_of_words_and_an_empty_sheet():
    book, _ = sheet_of([["Some words."], ["More words."]])
    book.create_sheet("Empty")
    found = extract(saved(book))
    assert found.text == "Sheet\n\nSome words.\nMore words.\n\nEmpty"
    assert found.pages == 2


def test_a_list_in_one_column_is_a_table():
    assert extract(saved(sheet_of([["age"], [30], [41], [52]])[0])).tables[0].headers == ("age",)


def test_text_boxes_are_read():
    drawing = (
        '<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><xdr:sp><xdr:txBody><a:p><a:r>'
        "<a:t>words in a </a:t></a:r><a:r><a:t>box</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>"
    )
    found = extract(package(SHEET.format("<row><c><v>1</v></c></row>"), drawing=drawing))
    assert found.text == "One\n\n1\n\nwords in a box"


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>{{}}</sheetData></worksheet>'


def relation(number, kind, target):
    return f'<Relationship Id="r{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'


def package(sheet, strings="", drawing=""):
    """A workbook of one sheet, written by hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", RELATIONS.format(relation(1, "officeDocument", "xl/workbook.xml")))
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        found = relation(1, "worksheet", "worksheets/sheet1.xml") + relation(
            2, "sharedStrings", "/xl/strings.xml"
        )
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS.format(found))
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        archive.writestr("xl/strings.xml", f'<sst xmlns="{MAIN}">{strings}</sst>')
        if drawing:
            rels = RELATIONS.format(relation(1, "drawing", "../drawings/d.xml"))
            archive.writestr("xl/worksheets/_rels/sheet1.xml.rels", rels)
            archive.writestr("xl/drawings/d.xml", drawing)
    return out.getvalue()


def test_cells_need_no_place_and_elements_may_have_prefixes():
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>in line</x:t>'
        '<x:rPh><x:t>sound</x:t></x:rPh></x:is></x:c><x:c t="s"><x:v>0</x:v></x:c></x:row><x:row/>'
        '<x:row><x:c t="d"><x:v>2024-01-31T00:00:00</x:v></x:c><x:c t="str"><x:v>made</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    found = extract(package(sheet, "<si><t>shared</t></si>"))
    assert found.text == "One\n\nin line | shared\n\n2024-01-31 | made"


def test_a_cell_far_away_needs_no_rectangle():
    book, _ = sheet_of([["near"]], XFD1048576="far")
    found = extract(saved(book))
    assert found.text == "Sheet\n\nnear\n\nfar"


def test_cells_along_a_diagonal_are_no_table():
    book, sheet = sheet_of([])
    for at in range(1, 1_500):
        sheet.cell(at, at, at)
    found = extract(saved(book))
    assert found.tables == ()
    assert found.text.endswith("1499")


def test_merged_areas_are_not_filled_beyond_the_cells():
    areas = "".join('<mergeCell ref="A1:XFD1048576"/>' for _ in range(20_000))
    rows = "".join(f"<row><c><v>{n}</v></c><c><v>1</v></c></row>" for n in range(1_000))
    body = SHEET.format(rows).replace("</worksheet>", f"<mergeCells>{areas}</mergeCells></worksheet>")
    found = extract(package(body))
    assert "not all merged cells" in found.warnings[0]


def test_a_long_text_used_often_is_refused():
    cells = '<c t="s"><v>0</v></c>' * 10_000
    with pytest.raises(DocumentLimitError, match="text_chars"):
        extract(package(SHEET.format(f"<row>{cells}</row>"), f"<si><t>{'x' * 10_000}</t></si>"))


def test_too_many_cells_are_refused():
    with pytest.raises(DocumentLimitError, match="table_cells"):
        extract(
            package(SHEET.format("<row>" + "<c><v>1</v></c>" * 101 + "</row>")),
            limits=Limits(table_cells=100),
        )


def test_entities_are_refused():
    sheet = '<!DOCTYPE x [<!ENTITY a "b">]>' + SHEET.format("<row><c t='str'><v>&a;</v></c></row>")
    with pytest.raises(DocumentError, match="document type"):
        extract(package(sheet))


@pytest.mark.parametrize("sheet", ["<worksheet>", "", SHEET.format("<row r='9999999'><c><v>1</v></c></row>")])
def test_a_damaged_sheet_is_refused(sheet):
    with pytest.raises(DocumentError):
        extract(package(sheet))


@pytest.mark.parametrize("kind", KINDS)
def test_cut_and_changed_files_end_in_a_typed_error(kind):
    whole = (SAMPLES / kind / f"sales.{kind}").read_bytes()
    broken = [whole[:cut] for cut in range(0, len(whole), 997)]
    broken += [whole[:at] + b"\xff\x00\xff\x7f" + whole[at + 4 :] for at in range(0, len(whole), 1_499)]
    refused = 0
    for data in broken:
        try:
            extract(data)
        except DocumentError:
            refused += 1
    assert refused > len(broken) / 3


def test_other_files_are_no_spreadsheets():
    with pytest.raises(DocumentError, match="no spreadsheet"):
        extract(b"just words")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "words")
    with pytest.raises(DocumentError):
        extract(out.getvalue())


def test_encrypted_workbooks_say_so():
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1_000 + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(EncryptedDocumentError):
        extract(ole)
    with pytest.raises(EncryptedDocumentError):
        extract(ods("", manifest="<manifest:encryption-data/>"))
    whole = (SAMPLES / "xls" / "sales.xls").read_bytes()
    start = whole.index(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    assert whole[start + 20 : start + 22] == b"\xe1\x00"
    locked = whole[: start + 20] + b"\x2f\x00" + whole[start + 22 :]
    with pytest.raises(EncryptedDocumentError):
        extract(locked)


def test_an_old_workbook_says_what_it_is():
    data = (SAMPLES / "xls" / "sales.xls").read_bytes()
    found = extract(data)
    assert found.author == "openpyxl"
    assert found.created == found.modified == 1795397023
    start = data.index(b"\xfe\xff\x00\x00")
    for at in range(start, start + 300, 7):
        damaged = data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]
        assert extract(damaged).text == found.text


def test_without_calamine_only_the_old_kinds_are_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert sample("xlsx").text
    assert sample("ods").text
    with pytest.raises(MissingExtraError, match=r"mv2\[docs\]"):
        sample("xls")


def test_an_old_workbook_that_reaches_too_far_is_refused():
    with pytest.raises(DocumentLimitError, match="table_cells"):
        sample("xls", limits=Limits(table_cells=20))


def ods(rows, manifest="", before=""):
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style", "draw")
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet>{before}"
            f'<table:table table:name="One">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return out.getvalue()


def ods_row(*cells, repeat=1):
    inner = "".join(
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{count}">'
        f"<text:p>{text}</text:p></table:table-cell>"
        for text, count in cells
    )
    return f'<table:table-row table:number-rows-repeated="{repeat}">{inner}</table:table-row>'


def test_repeated_cells_of_an_ods_are_repeated():
    found = extract(ods(ods_row(("a", 1), ("b", 2)) + ods_row(("c", 3), repeat=2)), "x.ods")
    assert "a | b | b" in found.text
    assert found.text.count("| c | c | c |") == 2


def test_repeats_of_an_ods_are_bounded():
    with pytest.raises(DocumentLimitError):
        extract(ods(ods_row(("x", 16_384), repeat=1_048_576)))
    with pytest.raises(DocumentLimitError):
        extract(ods(ods_row(("x", 999_999_999))))
    empty = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>'
    assert extract(ods(empty + ods_row(("end", 1)))).text.startswith("One")


def test_spaces_changes_and_boxes_of_an_ods():
    row = (
        "<table:table-row><table:table-cell office:value-type='string'><text:p>a<text:s text:c='2'/>b"
        "<text:tab/>c<text:line-break/>d</text:p><text:p>e</text:p>"
        "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>"
        "</table:table-cell></table:table-row>"
    )
    gone = (
        f"<table:tracked-changes><table:table>{ods_row(('deleted', 1))}</table:table></table:tracked-changes>"
    )
    found = extract(ods(row, before=gone))
    assert found.text == "One\n\na  b c\nd\ne\n\nboxed"


def record(kind, body=b""):
    """A record of a binary workbook (.xlsb)."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(body)
    return head + (bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])) + body


def wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(reach=2):
    cells = b"".join(
        [
            record(0, struct.pack("<III", 0, 0, 300) + bytes(13)),
            record(6, struct.pack("<II", 0, 0) + wide("name")),
            record(6, struct.pack("<II", 1, 0) + wide("share")),
            record(0, struct.pack("<III", 1, 0, 300) + bytes(13)),
            record(6, struct.pack("<II", 0, 0) + wide("Ann")),
            record(5, struct.pack("<IId", 1, 1, 0.25)),
            record(0, struct.pack("<III", reach, 0, 300) + bytes(13)),
            record(6, struct.pack("<II", 0, 0) + wide("Bob")),
            record(3, struct.pack("<IIB", 1, 0, 0x2A)),
        ]
    )
    size = struct.pack("<IIII", 0, reach, 0, 1)
    sheet = record(129) + record(148, size) + record(145) + cells + record(146) + record(130)
    book = (
        record(131)
        + record(143)
        + record(156, struct.pack("<II", 0, 1) + wide("r1") + wide("One"))
        + record(144)
        + record(132)
    )
    style = b"".join(record(47, struct.pack("<HH", 0, number) + bytes(12)) for number in (0, 10))
    styles = record(278) + record(617, struct.pack("<I", 2)) + style + record(618) + record(279)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("_rels/.rels", RELATIONS.format(relation(1, "officeDocument", "xl/workbook.bin")))
        found = relation(1, "worksheet", "worksheets/sheet1.bin") + relation(2, "styles", "styles.bin")
        archive.writestr("xl/_rels/workbook.bin.rels", RELATIONS.format(found))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/styles.bin", styles)
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return out.getvalue()


def test_binary_workbooks():
    found = extract(xlsb(), "book.xlsb")
    assert found.text == "One\n\n| name | share |\n| --- | --- |\n| Ann | 25.00 % |\n| Bob | #N/A |"
    assert found.tables[0].types == ("text", "percent")


def test_a_binary_workbook_that_reaches_too_far_is_refused():
    with pytest.raises(DocumentLimitError, match="table_cells"):
        extract(xlsb(reach=4_000_000), "book.xlsb")


def test_names_of_cells():
    assert [column_letters(n) for n in (1, 26, 27, 16_384)] == ["A", "Z", "AA", "XFD"]
    assert [column_number(s) for s in ("A", "z", "XFD", "", "1", "ABCDE", "É")] == [1, 26, 16_384, 0, 0, 0, 0]
    assert str(parse_area("$B$2:E14")) == "B2:E14"
    assert str(parse_area("Sheet!C3")) == "C3"
    assert parse_area("A:B") is None


def test_what_another_library_reads_is_in_the_text():
    found = sample("xlsx", hidden=True)
    book = load_workbook(SAMPLES / "xlsx" / "sales.xlsx", data_only=True)
    words = {
        cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value != "check the south | again"
    }
    assert len(words) > 25
    assert [word for word in words if word not in found.text] == []
