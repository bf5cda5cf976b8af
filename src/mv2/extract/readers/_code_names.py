"""What the head of a brace defines, language by language.

A head is bounded in length, and no pattern here takes more than a few passes over it.
"""

from __future__ import annotations

import re

from mv2._late import late_pattern
from mv2.extract.readers._code_braces import Head, Named, NameHead

_NO_FUNCTIONS = frozenset(
    {"if", "for", "while", "switch", "catch", "return", "sizeof", "else", "do", "try", "synchronized"}
    | {"using", "lock", "fixed", "foreach", "when", "with", "new", "throw", "assert", "defined", "alignof"}
    | {"decltype", "static_assert", "until", "unless", "elseif", "match"}
)
_ANNOTATION = late_pattern(
    r"@(?!interface\b)[\w.:]+(?:\s*\([^()]{0,500}\))?|\[\[?[^\[\]]{0,300}\]\]?(?=\s*[\w\[])"
)
_TEMPLATE = late_pattern(r"\btemplate\s*<[^(){};]{0,500}>(?=\s*[\w\[~])|__attribute__\s*\(\([^()]{0,200}\)\)")
_CALL = late_pattern(
    r"(?:\boperator\s*(?:\(\)|[^\s\w(]{1,3}|[\w:]+)|(?:[~\w]|::|<[^<>()]{0,200}>(?=::))+)\s*"
    r"(?:<[^<>()]{0,200}>\s*)?(?=\()"
)
_C_TYPE = late_pattern(
    r"\b(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+(?:[A-Z_]{3,}\s+)?([A-Za-z_][\w:]*)"
    r"(?:<[^(){}]{0,200}>)?\s*(?:final\s*)?(?::(?!:)[^(){}]*)?\Z"
)
_NAMESPACE = late_pattern(r"\bnamespace\b\s*([\w:.\\]*)\s*\Z")
_C_LINKAGE = late_pattern(r"\bextern\s*\Z")
_JAVA_TYPE = late_pattern(
    r"(?:^|[\s)>])(?:class|interface|enum|record(?:\s+struct|\s+class)?|@interface|struct|mixin|extension|"
    r"contract|library)\s+([A-Za-z_]\w*)"
)
_KOTLIN_TYPE = late_pattern(
    r"\b(?:class|interface|object|trait|enum)\s+([A-Za-z_`]\w*`?)|\b(companion)\s+object\b"
)
_KOTLIN_FUNCTION = late_pattern(
    r"\b(?:fun|def)\s+(?:<[^()]{0,200}>\s*)?([\w`.]+(?:<[^()]{0,100}>\.\w+)?)|\b(constructor)\s*(?=\()"
)
_SWIFT_TYPE = late_pattern(
    r"\b(?:class|struct|enum|protocol|extension|actor)\s+(?!func\b|var\b|let\b)([\w.]+)"
)
_SWIFT_FUNCTION = late_pattern(r"\bfunc\s+([^\s(<]+)|\b(init|deinit|subscript)\b[?!]?\s*(?=[(<\s]|\Z)")
_GO = late_pattern(
    r"\bfunc\s*(?:\(\s*(?:\w+\s+)?\*?\s*(\w+)[^()]{0,200}\)\s*)?(\w+)\s*[(\[]"
    r"|\btype\s+(\w+)(?:\s*\[[^\]]{0,200}\])?\s+(?:struct|interface)\s*\Z"
)
_RUST_FUNCTION = late_pattern(r"\bfn\s+(\w+)|\bmacro_rules!\s*(\w+)")
_RUST_TYPE = late_pattern(r"\b(?:struct|enum|union|trait|mod)\s+(\w+)")
_RUST_IMPL = late_pattern(r"\bimpl\b([^{]*)\Z")
_PHP = late_pattern(r"\b(?:(class|interface|trait|enum)\s+|function\s+&?\s*)(\w+)")
_JS_TYPE = late_pattern(
    r"(?:^|\s)(?:class|interface|enum|namespace|module)\s+([\w$.]+)|([\w$]+)\s*=\s*class\b[^=]*\Z"
)
_JS_FUNCTION = late_pattern(r"\bfunction\b\s*\*?\s*([\w$]+)\s*[(<]")
_JS_ASSIGNED = late_pattern(
    r"([\w$#][\w$.]*)\s*(?::[^=]{0,300})?=(?![=>])\s*(?:async\b\s*)?(?:function\b|[\w$(<])"
)
_JS_METHOD = late_pattern(
    r"^\s*(?:(?:async|static|get|set|public|private|protected|readonly|override|abstract)\s+|\*\s*){0,6}"
    r"([\w$#]+)\s*[?]?\s*(?:<[^()]{0,200}>\s*)?\("
)
_OBJC_METHOD = late_pattern(r"(?m)^[ \t]*[-+][ \t]*\([^()]{0,200}\)\s*(\w+)")
_KEYWORD_BLOCK = late_pattern(
    r"\b(?:message|service|enum|oneof|interface|type|input|union|struct|exception|extend|schema)\s+(\w+)"
)
_FN = late_pattern(
    r"\b(?:fn|function|func)\s+(\w+)|\b(\w+)\s*=\s*(?:extern\s+|packed\s+)?(?:struct|enum|union)\b"
)
_WORDS = late_pattern(r'"([^"\n]{0,100})"|([\w-]+)')


def c_like(head: Head) -> Named:
    """C and C++."""
    code = _TEMPLATE.sub(" ", head.code)
    namespace = _NAMESPACE.search(code)
    if namespace:
        return namespace.group(1).replace("::", "."), True
    if _C_LINKAGE.search(code):
        return "", True
    kind = _C_TYPE.search(code)
    if kind:
        return kind.group(1).replace("::", "."), True
    return _function_by_call(code)


def objective_c(head: Head) -> Named:
    """Objective-C: its methods, and what it shares with C."""
    method = _OBJC_METHOD.search(head.code.rpartition("\n@end")[2])
    return (method.group(1), False) if method else c_like(head)


def java_like(head: Head) -> Named:
    """Java, C#, D, Dart, Groovy, Solidity."""
    code = _ANNOTATION.sub(" ", head.code)
    namespace = _NAMESPACE.search(code)
    if namespace:
        return namespace.group(1), True
    kind = _JAVA_TYPE.search(code)
    if kind and "=" not in code[: kind.start()] and "new " not in code[: kind.start()]:
        return kind.group(1), True
    named = re.search(r"\b(?:function|modifier|def)\s+(\w+)", code)
    return (named.group(1), False) if named else _function_by_call(code)


def _function_by_call(head: str) -> Named:
    """``static int name(int a) const`` is a function, ``if (x)`` and ``a = f(x)`` are none."""
    call = _CALL.search(head)
    if call is None:
        return None
    before = head[: call.start()]
    name = re.sub(r"\s+|<[^<>]*>", "", call.group())
    if "=" in before or name.rpartition(":")[2] in _NO_FUNCTIONS or re.search(r"\b(?:new|return)\b", before):
        return None
    while name.isupper() and not before.strip():
        # A macro in front of the function: EXPORT(int) name(void).
        later = _CALL.search(head, call.end() + 1)
        if later is None or later.group().strip() in _NO_FUNCTIONS:
            break
        call, before, name = later, head[: later.start()], re.sub(r"\s+", "", later.group())
    return name.strip(":").replace("::", "."), False


def kotlin_like(head: Head) -> Named:
    """Kotlin and Scala."""
    code = _ANNOTATION.sub(" ", head.code)
    function = _KOTLIN_FUNCTION.search(code)
    kind = _KOTLIN_TYPE.search(code)
    if kind and (function is None or kind.start() < function.start()):
        return (kind.group(1) or "Companion").strip("`"), True
    if function is None or re.search(r"=\s*\w", code[function.end() :].rpartition(")")[2]):
        return None
    return (function.group(1) or function.group(2)).replace("`", ""), False


def swift(head: Head) -> Named:
    """Swift."""
    function = _SWIFT_FUNCTION.search(head.code)
    if function and (function.group(1) or head.member):
        return function.group(1) or function.group(2), False
    kind = _SWIFT_TYPE.search(head.code)
    return (kind.group(1), True) if kind else None


def go(head: Head) -> Named:
    """Go; methods carry the name of their receiver."""
    found = _GO.search(head.code)
    if found is None:
        return None
    receiver, function, kind = found.groups()
    if kind:
        return kind, False
    if "=" in head.code[: found.start()]:
        return None
    return (f"{receiver}.{function}" if receiver else function), False


def rust(head: Head) -> Named:
    """Rust; what ``impl`` holds belongs to its type."""
    function = _RUST_FUNCTION.search(head.code)
    if function:
        return function.group(1) or function.group(2), False
    kind = _RUST_TYPE.search(head.code)
    if kind:
        return kind.group(1), True
    impl = _RUST_IMPL.search(head.code)
    if impl is None:
        return None
    of = re.split(r"\bwhere\b", impl.group(1))[0]
    subject = re.split(r"\bfor\b", of)[-1] if " for " in of else re.sub(r"^\s*<[^{]*?>\s+", "", of)
    words = re.search(r"(\w+)\s*(?:<[^{]*)?\s*\Z", subject)
    return (words.group(1), True) if words else None


def php(head: Head) -> Named:
    """PHP."""
    namespace = _NAMESPACE.search(head.code)
    if namespace:
        return namespace.group(1).replace("\\", "."), True
    found = _PHP.search(head.code)
    if found is None or "=" in head.code[: found.start()]:
        return None
    return found.group(2), found.group(1) is not None


def javascript(head: Head) -> Named:
    """JavaScript and TypeScript: classes, functions, and functions that are given a name."""
    code = _ANNOTATION.sub(" ", head.code)
    kind = _JS_TYPE.search(code)
    if kind:
        return kind.group(1) or kind.group(2), True
    function = _JS_FUNCTION.search(code)
    if function and "=" not in code[: function.start()]:
        return function.group(1), False
    assigned = _JS_ASSIGNED.search(code)
    if assigned and (code.rstrip().endswith("=>") or re.search(r"\bfunction\b", code[assigned.end() - 8 :])):
        return assigned.group(1).replace(".prototype.", ".").removeprefix("module.exports."), False
    if assigned and head.member and "(" not in code[: assigned.start()]:
        return None
    method = _JS_METHOD.search(code) if head.member else None
    return (method.group(1), False) if method and method.group(1) not in _NO_FUNCTIONS else None


def keyword_block(head: Head) -> Named:
    """Protocol Buffers, GraphQL, Thrift: a word for the kind, then the name."""
    found = _KEYWORD_BLOCK.search(head.code)
    return (found.group(1), True) if found else None


def fn(head: Head) -> Named:
    """Zig and others that write ``fn name``."""
    found = _FN.search(head.code)
    return ((found.group(1) or found.group(2)), found.group(1) is None) if found else None


def labelled(head: Head) -> Named:
    """Terraform: words and quoted labels."""
    if head.member or "=" in head.code:
        return None
    words = [
        quoted or word
        for quoted, word in _WORDS.findall(head.shown[len(head.code) - len(head.code.lstrip()) :])
    ]
    return (".".join(words), False) if words else None


def selector(head: Head) -> Named:
    """Style sheets: the selector is the name."""
    name = " ".join(head.shown[len(head.code) - len(head.code.lstrip()) :].split())[:80]
    return (name, name.startswith(("@media", "@layer", "@supports"))) if name else None


NAMERS: dict[str, NameHead] = {
    "c": c_like,
    "objective-c": objective_c,
    "java": java_like,
    "kotlin": kotlin_like,
    "swift": swift,
    "go": go,
    "rust": rust,
    "php": php,
    "javascript": javascript,
    "keyword": keyword_block,
    "fn": fn,
    "labelled": labelled,
    "selector": selector,
}
