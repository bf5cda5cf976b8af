"""Office files made for one test: only what the test is about, written by hand."""

from __future__ import annotations

import io
import zipfile

from mv2.extract.model import Block, Extraction

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_W = "http://purl.oclc.org/ooxml/wordprocessingml/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
REL = "http://schemas.openxmlformats.org/package/2006/relationships"
SPACES = {
    "w": W,
    "r": R,
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "v": "urn:schemas-microsoft-com:vml",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
}
DECLARED = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
ODF_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("style", "style"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("presentation", "presentation"),
        ("meta", "meta"),
        ("fo", "xsl-fo-compatible"),
        ("svg", "svg-compatible"),
    )
)
ODF_SPACES += ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'


def zipped(members: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def relations(*found: tuple[str, str] | tuple[str, str, str]) -> str:
    """(kind, target[, mode]) each; ids are rId1, rId2 …"""
    lines = []
    for number, relation in enumerate(found, 1):
        mode = f' TargetMode="{relation[2]}"' if len(relation) > 2 else ""
        lines.append(
            f'<Relationship Id="rId{number}" Type="{R}/{relation[0]}" Target="{relation[1]}"{mode}/>'
        )
    return f'<Relationships xmlns="{REL}">{"".join(lines)}</Relationships>'


def part(root: str, inner: str) -> str:
    return f"<{root} {DECLARED}>{inner}</{root}>"


def docx(
    body: str,
    *,
    styles: str = "",
    numbering: str = "",
    related: tuple[tuple[str, ...], ...] = (),
    more: dict[str, str] | None = None,
) -> bytes:
    """A Word document; ``related`` are relations of its main part from rId3 on."""
    members = {
        "_rels/.rels": relations(("officeDocument", "word/document.xml")),
        "word/_rels/document.xml.rels": relations(
            ("styles", "styles.xml"), ("numbering", "numbering.xml"), *related
        ),
        "word/document.xml": part("w:document", f"<w:body>{body}</w:body>"),
        "word/styles.xml": part("w:styles", styles),
        "word/numbering.xml": part("w:numbering", numbering),
    }
    return zipped({**members, **(more or {})})


def p(inner: str, properties: str = "") -> str:
    """A Word paragraph; text without markup becomes a run."""
    inner = inner if inner.startswith("<") or not inner else run(inner)
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{inner}</w:p>"


def run(text: str, properties: str = "") -> str:
    stated = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{stated}<w:t xml:space="preserve">{text}</w:t></w:r>'


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    stated = f"<w:trPr>{properties}</w:trPr>" if properties else ""
    return f"<w:tr>{stated}{''.join(one if one.startswith('<w:tc') else cell(one) for one in cells)}</w:tr>"


def table(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/>{''.join(rows)}</w:tbl>"


def odt(body: str, *, automatic: str = "", styles: str = "", meta: str = "", kind: str = "text") -> bytes:
    """A flat OpenDocument."""
    return (
        f'<?xml version="1.0"?><office:document {ODF_SPACES}>'
        f"<office:meta>{meta}</office:meta><office:styles>{styles}</office:styles>"
        f"<office:automatic-styles>{automatic}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document>"
    ).encode()


def shown(found: Extraction) -> list[tuple[str, int, str]]:
    """(kind, level, text) of each block, after a look whether they fit the text."""
    end = 0
    for block in found.blocks:
        assert end <= block.start < block.end <= len(found.text)
        assert not found.text[end : block.start].strip()
        end = block.end
    assert not found.text[end:].strip()
    return [(block.kind, block.level, text_of(found, block)) for block in found.blocks]


def text_of(found: Extraction, block: Block) -> str:
    return found.text[block.start : block.end]


def lines(found: Extraction) -> list[str]:
    return [text for _, _, text in shown(found)]
