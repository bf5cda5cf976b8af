"""Control words of RTF that stand for a character, and those that begin a group without text."""

from __future__ import annotations

CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "column": "\n",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
}
SYMBOLS = {"~": " ", "_": "-", "\t": "\t"}
# Groups that hold no text of the document, and those that repeat what stands beside them.
SKIPPED = frozenset((
    "colortbl", "listtable", "listoverridetable", "revtbl", "rsidtbl", "generator", "filetbl",
    "themedata", "colorschememapping", "latentstyles", "datastore", "xmlnstbl", "mmathPr", "pict",
    "shppict", "nonshppict", "objdata", "objclass", "objname", "objalias", "bkmkstart", "bkmkend", "xe",
    "tc", "tcn", "rxe", "txe", "sp", "ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn",
    "pntxta", "pntxtb", "pnseclvl", "wgrffmtfilter", "background", "private", "shprslt",
    "nonesttables", "fontemb", "fontfile", "falt", "panose", "picprop", "blipuid", "atnid", "atntime",
    "atndate", "atnref", "atnicn", "atnparent", "template", "passwordhash", "docvar", "userprops",
    "mctrlPr", "mfPr", "mrPr", "mnaryPr", "mdPr", "mradPr", "msSubPr", "msSupPr", "msSubSupPr",
    "mfuncPr", "mmPr", "msPr", "mdegHide", "mmaths",
))  # fmt: skip
# Of the groups that a reader may ignore, those that hold text.
HEEDED = frozenset((
    "shpinst", "fldinst", "ud", "nesttableprops", "footnote", "annotation", "atnauthor", "do", "moMath",
    "moMathPara", "listtext", "pntext", "company", "shptxt", "title", "subject", "author", "keywords",
    "doccomm", "operator", "category",
))  # fmt: skip
HEADS = frozenset(["header", "headerl", "headerr", "headerf"])
FEET = frozenset(["footer", "footerl", "footerr", "footerf"])
