"""Kinds of questions, told by rules over their words; the first rule that fits counts."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "compare", "count", "amount", "latest", "when", "list", "who", "where", "why", "how", "yesno", "fact"
]

_COMPARE: Final = r"""
    \b (compare|compared|comparison|differences?\ between|differ\ from|versus|vs\.?) (?!\w)
  | \b (better|worse|more|less|older|younger|taller|faster|cheaper|bigger|smaller|later|earlier)
    \b .{1,60} \b than \b
  | ^\W* which \b .{1,80}? , \s* .{1,60} \b or \b
"""
_COUNT: Final = r"\b how\ (many|often) \b | \b number\ of \b | \b count\ (of|the|all) \b"
_AMOUNT: Final = r"""
    \b how\ (much|old|long|far|tall|big|heavy|high|fast|large|deep|wide) \b
  | \b what\ (age|price|cost) \b
"""
_LATEST: Final = r"""
    \b (latest|newest|most\ recent(ly)?|current(ly)?|right\ now|nowadays|these\ days|at\ the\ moment
       |at\ present|presently|up\ to\ date|last\ time|so\ far) \b
  | \b now \s* \?? $
"""
_WHEN: Final = r"""
    ^\W* ((since|until|by|from)\ )? when \b
  | \b (what|which)\ (date|day|month|year|time|week|season|century|decade) \b
  | \b when\ (did|was|is|were|will|does|do|has|have|had) \b
"""
# "which countries has …", "what are …", "list all …"
_LIST: Final = r"""
    ^\W* (list|name|enumerate|show\ me|give\ me) \b
  | \b (list|name)\ (all|every|the) \b
  | \b all\ (of\ )? (the|my|our|his|her|their) \b
  | ^\W* (what|which)\ (all\ )? (are|were) \b
  | ^\W* (what|which)\ (?!does\b|did\b|do\b|is\b|was\b|has\b|had\b) ([\w'-]+\ ){0,2} (?!\w*(ss|us|is)\b)
    (?-i:[a-z-]{3,}s)\ (did|do|does|has|have|had|are|were|can|could|would|will|should|that|in|on|from|of) \b
  | \b everything \b
"""
_WHO: Final = (
    r"^\W* ((to|with|from|by|for)\ )? (who|whom|whose) \b | \b who\ (is|was|did|are|were|does|has) \b"
)
_WHERE: Final = r"""
    ^\W* (from\ )? where \b
  | \b (what|which)\ (city|country|place|town|state|street|address|location) \b
"""
_WHY: Final = r"^\W* why \b | \b (what|which)\ (is\ |was\ )? (the\ )? (reason|cause)s? \b | \b how\ come \b"
_HOW: Final = r"^\W* how \b"
_YES_NO: Final = r"""
    ^\W* (is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|may|might|must) (n't)? \b
"""
_RULES: Final = (
    _COMPARE, _COUNT, _AMOUNT, _LATEST, _WHEN, _LIST, _WHO, _WHERE, _WHY, _HOW, _YES_NO,
)  # fmt: skip
_COMPILED: Final = tuple(re.compile(rule, re.IGNORECASE | re.VERBOSE) for rule in _RULES)
_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


def kind_of(question: str) -> Kind:
    """What a question asks for; "fact" when no rule fits."""
    for kind, rule in zip(_KINDS, _COMPILED, strict=False):
        if rule.search(question):
            return kind
    return "fact"
