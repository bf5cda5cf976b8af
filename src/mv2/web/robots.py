"""``robots.txt`` as RFC 9309 describes it, matched in time that grows with the length of a rule alone.

Patterns are not made into regular expressions, as a site could write some that never end.
"""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

from mv2._record import dataclass

LONGEST = 512_000
"""Bytes that are read of one; the rest is ignored."""
_MOST_RULES = 5_000
_LONGEST_RULE = 2_000


@dataclass(frozen=True, slots=True)
class _Rule:
    allow: bool
    pattern: str


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for one program on one site.

    Attributes:
        rules: those of its group.
        crawl_delay: seconds between pages; None if none are asked for.
    """

    rules: tuple[_Rule, ...] = ()
    crawl_delay: float | None = None

    def allows(self, path: str) -> bool:
        """Whether a page may be fetched.

        Args:
            path: path and query as they are sent.
        """
        if path == "/robots.txt":
            return True
        path = _canonical(path)[: 2 * _LONGEST_RULE]
        best, allowed = -1, True
        for rule in self.rules:
            length = len(rule.pattern)
            if (length > best or (length == best and rule.allow)) and _matches(rule.pattern, path):
                best, allowed = length, rule.allow
        return allowed


ALLOW_ALL = Robots()


def parse_robots(data: bytes, agent: str) -> Robots:
    """The rules for a program.

    Args:
        agent: first word of its name; the groups that name it hold, else those for ``*``.
    """
    own, common = _Group(), _Group()
    named = agent.lower()
    current: list[_Group] = []
    in_rules = True
    text = data[:LONGEST].decode("utf-8", "replace").lstrip("\ufeff")
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key in {"user-agent", "useragent"}:
            if in_rules:
                current, in_rules = [], False
            word = value.lower()
            group = common if word == "*" else own if _word(word) == named else None
            if group is not None:
                group.exists = True
                current.append(group)
        elif key in {"allow", "disallow", "crawl-delay"}:
            in_rules = True
            for group in current:
                group.add(key, value)
    group = own if own.exists else common
    return Robots(tuple(group.rules), group.delay)


def _word(value: str) -> str:
    """The name of a program without its version."""
    return value.partition("/")[0].strip()


class _Group:
    def __init__(self) -> None:
        self.exists = False
        self.rules: list[_Rule] = []
        self.delay: float | None = None

    def add(self, key: str, value: str) -> None:
        if key == "crawl-delay":
            try:
                delay = float(value)
            except ValueError:
                return
            if delay >= 0:
                self.delay = max(self.delay or 0.0, delay)
        elif value and len(self.rules) < _MOST_RULES:
            self.rules.append(_Rule(key == "allow", _canonical(value[:_LONGEST_RULE])))


def _canonical(path: str) -> str:
    """One way of writing for each path: what may stand unescaped does, the rest in upper-case hex."""
    return quote(
        unquote_to_bytes(path.replace("%2F", "%252F").replace("%2f", "%252F")), safe="/?=&;:@+$,!*'()~%#[]"
    )


def _matches(pattern: str, path: str) -> bool:
    """Whether a path starts as the pattern says; ``*`` is any text, a last ``$`` the end."""
    ends = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    place = len(first)
    if not others:
        return not ends or place == len(path)
    last = others.pop()
    for part in others:
        found = path.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    if ends:
        return len(path) - len(last) >= place and path.endswith(last)
    return path.find(last, place) >= 0
