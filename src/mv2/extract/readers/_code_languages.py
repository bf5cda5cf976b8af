"""Which language a file is in, and how it is read."""

from __future__ import annotations

import re

from mv2._late import late_pattern
from mv2._record import dataclass
from mv2.extract._kinds import CODE_TYPES, NAMES
from mv2.extract.readers._code_braces import VALUE, Braces, BraceScanner
from mv2.extract.readers._code_definitions import Definition
from mv2.extract.readers._code_indent import Indents, scan_indents
from mv2.extract.readers._code_mask import Masked
from mv2.extract.readers._code_names import NAMERS
from mv2.extract.readers._code_sql import scan_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language and its rules.

    Attributes:
        name: as people call it, in lower case.
        lexis: how it writes comments and strings.
        rules: where its definitions are; None where nothing is known of them.
    """

    name: str
    lexis: str = "none"
    rules: Braces | Indents | None = None
    statements: bool = False


def language_of(mime: str | None, name: str) -> Language:
    """The language of a file by its media type, else by its name."""
    known = _LANGUAGES.get(mime or "")
    if known is not None:
        return known
    base = name.rpartition("/")[2].lower()
    _, named = NAMES.get(base, ("", ""))
    named = named or CODE_TYPES.get(base.rpartition(".")[2], "")
    if named in _LANGUAGES:
        return _LANGUAGES[named]
    kind = (named or mime or "text/plain").partition("/")[2]
    return Language(name=kind.removeprefix("x-").partition("+")[0])


def find_definitions(source: Masked, language: Language) -> list[Definition]:
    """Return the definitions of a file in the order of their starts."""
    if language.statements:
        return scan_sql(source)
    if isinstance(language.rules, Braces):
        return BraceScanner(source, language.rules).scan()
    if isinstance(language.rules, Indents):
        return scan_indents(source, language.rules)
    return []


def _braces(
    name: str,
    lexis: str,
    namer: str,
    *,
    newline_ends: bool = False,
    values: str = rf"{VALUE}|=\s*\Z",
    short: str | None = None,
) -> Language:
    rules = Braces(
        name=NAMERS[namer],
        newline_ends=newline_ends,
        value=late_pattern(values),
        short=late_pattern(short) if short else None,
    )
    return Language(name=name, lexis=lexis, rules=rules)


def _indents(
    name: str,
    lexis: str,
    function: str,
    container: str | None = None,
    closer: str | None = None,
    decorator: str | None = None,
    *,
    any_case: bool = False,
    brackets: bool = False,
    flat: bool = False,
) -> Language:
    flags = re.IGNORECASE if any_case else 0
    compiled = [late_pattern(one, flags) if one else None for one in (container, closer, decorator)]
    rules = Indents(
        function=late_pattern(function, flags),
        container=compiled[0],
        closer=compiled[1],
        decorator=compiled[2],
        brackets=brackets,
        flat=flat,
    )
    return Language(name=name, lexis=lexis, rules=rules)


_BASIC_WORDS = r"(?:(?:public|private|friend|protected|shared|static|overrides|overridable|async)[ \t]+){0,4}"
_FORTRAN_WORDS = (
    r"(?:(?:pure|elemental|recursive|integer|real|logical|character|complex|type)"
    r"(?:\([^()\n]{0,40}\))?[ \t]+){0,4}"
)

_CPP_VALUES = rf"{VALUE}|=\s*\Z|\)\s*(?:noexcept\s*)?:(?!:)[^;]*[\w>]\Z"  # members in a constructor's list

_JS_ARROW = (
    r"\s*(?:(?:export|default|const|let|var|static|public|private|protected|readonly)\s+){0,5}([\w$#]+)\s*"
    r"(?::[^=;]{0,300})?=\s*(?:async\b\s*)?(?:\((?:[^()]|\([^()]{0,200}\)){0,500}\)|[\w$]+)\s*"
    r"(?::[^=;{}]{0,200})?=>"
)

_LANGUAGES: dict[str, Language] = {
    "text/x-c": _braces("c", "c", "c"),
    "text/x-c++": _braces("c++", "c", "c", values=_CPP_VALUES),
    "text/x-objective-c": _braces("objective-c", "c", "objective-c"),
    "text/x-csharp": _braces("c#", "csharp", "java"),
    "text/x-java": _braces("java", "java", "java"),
    "text/x-d": _braces("d", "java", "java"),
    "text/x-dart": _braces("dart", "dart", "java"),
    "text/x-solidity": _braces("solidity", "java", "java"),
    "text/x-groovy": _braces("groovy", "dart", "java", newline_ends=True),
    "text/x-kotlin": _braces("kotlin", "java", "kotlin", newline_ends=True),
    "text/x-scala": _braces("scala", "java", "kotlin", newline_ends=True, values=VALUE),
    "text/x-swift": _braces("swift", "java", "swift", newline_ends=True),
    "text/x-go": _braces("go", "go", "go", newline_ends=True),
    "text/x-rust": _braces("rust", "rust", "rust", values=r"[(\[:=]\s*\Z"),
    "text/x-php": _braces("php", "php", "php"),
    "text/javascript": _braces("javascript", "javascript", "javascript", newline_ends=True, short=_JS_ARROW),
    "text/x-typescript": _braces(
        "typescript", "javascript", "javascript", newline_ends=True, short=_JS_ARROW
    ),
    "text/x-zig": _braces("zig", "java", "fn"),
    "text/x-protobuf": _braces("protobuf", "java", "keyword"),
    "text/x-thrift": _braces("thrift", "java", "keyword", newline_ends=True),
    "text/x-graphql": _braces("graphql", "hash", "keyword", newline_ends=True),
    "text/x-terraform": _braces("terraform", "hcl", "labelled", newline_ends=True),
    "text/css": _braces("css", "css", "selector"),
    "text/x-sql": Language(name="sql", lexis="sql", statements=True),
    "text/x-python": _indents(
        "python",
        "python",
        r"(?:async[ \t]+)?(?:c?p?def)[ \t]+(\w+)",
        r"(?:cdef[ \t]+)?class[ \t]+(\w+)",
        decorator="@",
        brackets=True,
    ),
    "text/x-nim": _indents("nim", "python", r"(?:proc|func|method|template|macro|iterator)[ \t]+`?(\w+)"),
    "text/x-ruby": _indents(
        "ruby",
        "ruby",
        r"(?:(?:private|public|protected|module_function|private_class_method)[ \t]+)?"
        r"def[ \t]+(?:self\.)?([^\s(;]+)",
        r"(?:class|module)[ \t]+([A-Z][\w:]*)",
        r"end\b",
    ),
    "text/x-lua": _indents(
        "lua",
        "lua",
        r"(?:local[ \t]+)?function[ \t]+([\w.:]+)|(?:local[ \t]+)?([\w.]+)[ \t]*=[ \t]*function\b",
        closer=r"end\b",
    ),
    "text/x-elixir": _indents(
        "elixir",
        "hash",
        r"def(?:p|macro|macrop|guard|delegate)?[ \t]+([\w?!]+)",
        r"def(?:module|protocol|impl)[ \t]+([\w.]+)",
        r"end\b",
        r"@(?:doc|spec|impl|deprecated|since)\b",
    ),
    "text/x-julia": _indents(
        "julia",
        "julia",
        r"(?:function|macro|(?:mutable[ \t]+)?struct|abstract[ \t]+type)[ \t]+([\w.!]+)",
        r"(?:bare)?module[ \t]+(\w+)",
        r"end\b",
    ),
    "text/x-perl": _indents("perl", "hash", r"sub[ \t]+([\w:]+)", closer=r"\}"),
    "text/x-tcl": _indents("tcl", "none", r"proc[ \t]+([\w:]+)", closer=r"\}"),
    "text/x-r": _indents("r", "hash", r"([\w.]+)[ \t]*(?:<-|=)[ \t]*function\b", closer=r"\}"),
    "text/x-shellscript": _indents(
        "shell",
        "shell",
        r"(?:function[ \t]+)?([\w:.-]+)[ \t]*\([ \t]*\)|function[ \t]+([\w:.-]+)",
        closer=r"[})]",
    ),
    "text/x-powershell": _indents(
        "powershell",
        "powershell",
        r"(?:function|filter)[ \t]+(?:\w+:)?([\w-]+)",
        r"class[ \t]+(\w+)",
        r"\}",
        any_case=True,
    ),
    "text/x-vim": _indents("vim", "vim", r"fu(?:n\w*)?!?[ \t]+([\w:#.]+)", closer="endf"),
    "text/x-fortran": _indents(
        "fortran",
        "fortran",
        rf"{_FORTRAN_WORDS}(?:subroutine|function)[ \t]+(\w+)",
        r"(?:module|program)[ \t]+(?!procedure\b)(\w+)",
        "end",
        any_case=True,
    ),
    "text/x-visual-basic": _indents(
        "visual basic",
        "basic",
        rf"{_BASIC_WORDS}(?:sub|function|property(?:[ \t]+(?:get|let|set))?)[ \t]+(\w+)",
        rf"{_BASIC_WORDS}(?:class|module|structure|interface|namespace)[ \t]+(\w+)",
        r"end[ \t]",
        any_case=True,
    ),
    "text/x-matlab": _indents(
        "matlab",
        "percent",
        r"function\b(?:[^=\n(]{0,200}=)?[ \t]*([\w.]+)",
        r"classdef[ \t]+(\w+)",
        flat=True,
    ),
    "text/x-pascal": _indents(
        "pascal",
        "none",
        r"(?:class[ \t]+)?(?:procedure|function|constructor|destructor)[ \t]+([\w.]+)",
        any_case=True,
        flat=True,
    ),
    "text/x-ada": _indents(
        "ada", "sql", r"(?:procedure|function)[ \t]+(\w+)", closer=r"end\b", any_case=True
    ),
    "text/x-v": _indents(
        "verilog",
        "css",
        r"(?:module|function|task)[ \t]+(?:automatic[ \t]+)?(\w+)",
        closer=r"end(?:module|function|task)",
    ),
    "text/x-fsharp": _indents(
        "f#",
        "none",
        r"(?:let|and|type)[ \t]+(?:(?:rec|inline|private|mutable)[ \t]+){0,3}(\w+)",
        r"module[ \t]+([\w.]+)[ \t]*=",
    ),
    "text/x-ocaml": _indents("ocaml", "none", r"(?:let|and|type|module)[ \t]+(?:rec[ \t]+)?([A-Za-z]\w*)"),
    "text/x-lisp": _indents("lisp", "lisp", r"\(def[\w-]*[ \t]+\(?([^\s()]+)|\(define[ \t]+\(?([^\s()]+)"),
    "text/x-clojure": _indents("clojure", "lisp", r"\((?:def[\w-]*|ns)[ \t]+(?:\^\S+[ \t]+)?([^\s()\[\]]+)"),
    "text/x-makefile": _indents("make", "none", r"([\w./%-]+)(?:[ \t]+[\w./%-]+)*+[ \t]*::?(?!=)"),
    "text/x-cmake": _indents(
        "cmake",
        "hash",
        r"(?:function|macro)[ \t]*\([ \t]*(\w+)",
        closer=r"end(?:function|macro)",
        any_case=True,
    ),
    "text/x-assembly": _indents("assembly", "none", r"([A-Za-z_.$][\w.$]*):"),
    "text/x-config": _indents("config", "none", r"\[([^\]\n]{1,200})\]", flat=True),
    "text/x-diff": _indents(
        "diff", "none", r"diff[ \t]+(?:-\S+[ \t]+){0,5}(?:a/)?(\S+)|Index:[ \t]+(\S+)", flat=True
    ),
    "text/x-tex": _indents(
        "tex", "none", r"\\(?:part|chapter|section|subsection)\*?\{([^}\n]{1,200})\}", flat=True
    ),
}
