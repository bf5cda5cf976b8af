"""Rules of ``robots.txt`` as RFC 9309 reads them."""

from __future__ import annotations

import time

import pytest

from mv2.web.robots import parse_robots


def allows(rules: str, path: str, agent: str = "mv2") -> bool:
    return parse_robots(rules.encode(), agent).allows(path)


@pytest.mark.parametrize(
    ("rule", "path", "allowed"),
    [
        ("/", "/a", False),
        ("", "/a", True),
        ("/fish", "/fish.html", False),
        ("/fish", "/Fish.asp", True),
        ("/fish/", "/fish", True),
        ("/*.php", "/folder/file.php?x", False),
        ("/*.php$", "/file.php?x", True),
        ("/*.php$", "/file.php", False),
        ("/a*b*c", "/a-b-c", False),
        ("/a*b*c", "/a-c-b", True),
        ("/exact$", "/exact", False),
        ("/exact$", "/exactly", True),
        ("/ä", "/%C3%A4", False),
        ("/%7Ejoe", "/~joe/x", False),
        ("/a%2Fb", "/a/b", True),
        ("/a?b", "/a?b=c", False),
    ],
)
def test_patterns(rule: str, path: str, allowed: bool) -> None:
    assert allows(f"User-agent: *\nDisallow: {rule}\n", path) is allowed


def test_the_longest_rule_holds_and_allow_wins_a_draw() -> None:
    rules = "User-agent: *\nDisallow: /p\nAllow: /page\nDisallow: /page/x\nDisallow: /same\nAllow: /same\n"
    assert allows(rules, "/page")
    assert not allows(rules, "/p")
    assert not allows(rules, "/page/x")
    assert allows(rules, "/same")
    assert allows(rules, "/other")


def test_the_group_that_names_the_program_holds_alone() -> None:
    rules = """
        User-agent: *
        Disallow: /

        User-Agent: other
        User-agent: MV2   # the program
        Disallow: /a
        Crawl-delay: 2.5

        user-agent: mv2/1.0
        disallow: /b
    """
    assert not allows(rules, "/a")
    assert not allows(rules, "/b")
    assert allows(rules, "/c")
    assert not allows(rules, "/c", agent="somebody")
    assert allows(rules, "/b", agent="other")
    assert parse_robots(rules.encode(), "mv2").crawl_delay == 2.5
    assert parse_robots(rules.encode(), "somebody").crawl_delay is None


def test_an_empty_group_of_its_own_allows_all() -> None:
    assert allows("User-agent: *\nDisallow: /\n\nUser-agent: mv2\nDisallow:\n", "/a")


def test_robots_themselves_are_always_allowed() -> None:
    assert allows("User-agent: *\nDisallow: /\n", "/robots.txt")


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff\xfe", b"<html><body>no rules</body></html>", b"Disallow: /"]
)
def test_what_is_no_robots_file_forbids_nothing(data: bytes) -> None:
    assert parse_robots(data, "mv2").allows("/a")


def test_bom_and_any_line_end() -> None:
    assert not parse_robots(b"\xef\xbb\xbfUser-agent: *\rDisallow: /a\r", "mv2").allows("/a")


def test_hostile_patterns_take_no_time() -> None:
    rules = "User-agent: *\n" + f"Disallow: /{'*a' * 900}b\n" * 200
    start = time.process_time()
    assert allows(rules, "/" + "a" * 3_000)
    assert time.process_time() - start < 2
