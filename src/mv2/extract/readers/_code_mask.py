"""Source code with its comments and strings blanked out, so that what is left can be counted on."""

from __future__ import annotations

import re

from mv2._late import late_pattern
from mv2._record import dataclass

_LINE = {mark: rf"{re.escape(mark)}[^\n]*+" for mark in ("//", "#", "--", ";", "%", "'", '"')}
_BLOCK = r"/\*(?s:.)*?(?:\*/|\Z)"
_DOUBLE = r'"(?:[^"\\\n]++|\\(?s:.))*+"?'
_SINGLE = r"'(?:[^'\\\n]++|\\(?s:.))*+'?"
_TRIPLE_DOUBLE = r'"""(?:[^"\\]++|\\(?s:.)|"(?!""))*+(?:"""|\Z)'
_TRIPLE_SINGLE = r"'''(?:[^'\\]++|\\(?s:.)|'(?!''))*+(?:'''|\Z)"
_CHARACTER = r"'(?:[^'\\\n]|\\[^\n]{1,10}?)'"
_BACKTICK = r"`(?:[^`\\]++|\\(?s:.))*+(?:`|\Z)"
_RAW_BACKTICK = r"`[^`]*+(?:`|\Z)"
_JS_REGEX = (
    r"(?<=[(,=:\[!&|?{};\n])[ \t]{0,8}/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,99}+\]){1,199}+/[a-z]*"
)
_DIRECTIVE = r"^[ \t]*+#(?:[^\\\n]++|\\(?s:.))*+"
_C_STRINGS = (_DOUBLE, _CHARACTER)

_PATTERNS: dict[str, tuple[str, ...]] = {
    "c": (_LINE["//"], _BLOCK, _DIRECTIVE, r'R"([^()\s\\]{0,16})\((?s:.)*?(?:\)\1"|\Z)', *_C_STRINGS),
    "java": (_LINE["//"], _BLOCK, _TRIPLE_DOUBLE, *_C_STRINGS),
    "csharp": (
        _LINE["//"],
        _BLOCK,
        r"^[ \t]*+#[^\n]*+",
        r'"""(?s:.)*?(?:"""|\Z)',
        r'@\$?"(?:[^"]++|"")*+(?:"|\Z)',
        *_C_STRINGS,
    ),
    "go": (_LINE["//"], _BLOCK, _RAW_BACKTICK, *_C_STRINGS),
    "rust": (
        _LINE["//"],
        _BLOCK,
        r'\br(#{0,9})"(?s:.)*?(?:"\1|\Z)',
        r'"(?:[^"\\]++|\\(?s:.))*+"?',
        _CHARACTER,
    ),
    "javascript": (_LINE["//"], _BLOCK, _BACKTICK, _DOUBLE, _SINGLE, _JS_REGEX),
    "dart": (_LINE["//"], _BLOCK, _TRIPLE_DOUBLE, _TRIPLE_SINGLE, _DOUBLE, _SINGLE),
    "php": (_LINE["//"], r"#(?!\[)[^\n]*+", _BLOCK, _DOUBLE, _SINGLE),
    "css": (_BLOCK, _DOUBLE, _SINGLE),
    "hash": (_LINE["#"], _TRIPLE_DOUBLE, _DOUBLE, _SINGLE),
    "hcl": (_LINE["#"], _LINE["//"], _BLOCK, _DOUBLE),
    "python": (_LINE["#"], _TRIPLE_DOUBLE, _TRIPLE_SINGLE, _DOUBLE, _SINGLE),
    "ruby": (r"^=begin\b(?s:.)*?(?:^=end\b[^\n]*+|\Z)", _LINE["#"], _DOUBLE, _SINGLE),
    "shell": (r"(?<![^\s;&|(])#[^\n]*+", r"\\(?s:.)", r'"(?:[^"\\]++|\\(?s:.))*+"?', r"'[^']*+'?"),
    "powershell": (r"<#(?s:.)*?(?:#>|\Z)", _LINE["#"], r'"(?:[^"`\n]++|`.)*+"?', r"'[^'\n]*+'?"),
    "lua": (
        r"--\[(=*+)\[(?s:.)*?(?:\]\1\]|\Z)",
        _LINE["--"],
        r"\[(=*+)\[(?s:.)*?(?:\]\2\]|\Z)",
        _DOUBLE,
        _SINGLE,
    ),
    "sql": (
        _LINE["--"],
        _BLOCK,
        r"\$(\w{0,30})\$(?s:.)*?(?:\$\1\$|\Z)",
        r"'(?:[^']++|'')*+'?",
        r'"[^"\n]*+"?',
    ),
    "julia": (r"#=(?s:.)*?(?:=#|\Z)", _LINE["#"], _TRIPLE_DOUBLE, _DOUBLE),
    "lisp": (_LINE[";"], r'"(?:[^"\\]++|\\(?s:.))*+"?'),
    "percent": (_LINE["%"], r'"[^"\n]*+"?'),
    "basic": (_LINE["'"], r'"[^"\n]*+"?'),
    "fortran": (r"![^\n]*+", r'"[^"\n]*+"?', r"'[^'\n]*+'?"),
    "vim": (r'^[ \t]*+"[^\n]*+',),
    "none": (),
}
_HEREDOC = {
    "shell": late_pattern(r"(?<!<)<<-?[ \t]*\\?['\"]?([A-Za-z_]\w*)"),
    "ruby": late_pattern(r"<<[~-]['\"`]?([A-Za-z_]\w*)"),
    "php": late_pattern(r"<<<[ \t]*['\"]?([A-Za-z_]\w*)"),
}


@dataclass(frozen=True, slots=True)
class Masked:
    """Source code twice.

    Attributes:
        text: as it is.
        code: of the same length, with spaces where comments and strings were.
    """

    text: str
    code: str


def mask(text: str, lexis: str) -> Masked:
    """Blank comments and strings.

    Args:
        lexis: key of the table of languages that write them the same way.
    """
    code = _without_heredocs(text, _HEREDOC[lexis]) if lexis in _HEREDOC else text
    patterns = _PATTERNS[lexis]
    if patterns:
        code = re.sub("|".join(patterns), _blank, code, flags=re.MULTILINE)
    return Masked(text, code)


def _blank(found: re.Match[str]) -> str:
    return _spaces(found.group())


def _spaces(text: str) -> str:
    if "\n" not in text:
        return " " * len(text)
    return "\n".join(" " * len(line) for line in text.split("\n"))


def _without_heredocs(text: str, opening: re.Pattern[str]) -> str:
    if "<<" not in text:
        return text
    lines = []
    tag = ""
    for line in text.split("\n"):
        if tag:
            tag = "" if line.strip().rstrip(";,)") == tag else tag
            lines.append(" " * len(line))
            continue
        found = opening.search(line) if "<<" in line else None
        if found and not line.lstrip().startswith(("#", "//", "*")):
            tag = found.group(1)
        lines.append(line)
    return "\n".join(lines)
