"""Which part of a page people come for, and which is around every page of the site.

Elements are marked, never removed, for three reasons that are given up one after the other
when too little of the page would be left:

- ``BY_ELEMENT``: elements and roles that mean navigation, banners and footers;
- ``BY_NAME``: classes and ids that say so, where size and links agree;
- ``BY_PLACE``: rows of links and scraps beside the branch of the tree that holds most of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from mv2._late import late_pattern
from mv2.extract.readers._html_tame import words_of
from mv2.extract.readers._html_tree import Node, measure

BY_ELEMENT, BY_NAME, BY_PLACE = 1, 2, 4

_CONTENT = frozenset(["main", "article"])
_ALWAYS_ROLES = frozenset(
    ["navigation", "search", "menu", "menubar", "dialog", "alertdialog", "toolbar", "tablist"]
)
_QUOTES = frozenset(["blockquote", "figure"])
_KEPT_SHARE = 0.4
_PATH_SHARE = 0.7
_LOOKED_INTO = 200
_WORD = late_pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# Words of classes and ids by what they prove: all, all where there are many links or few words, all where
# there are many links.
_SURE = words_of(
    "breadcrumb breadcrumbs gdpr onetrust cookieconsent cookiebanner cookiebot cookielaw sharedaddy addthis"
    " addtoany sharebar socialbar skiplink navbar topbar navbox catlinks editsection printfooter noprint"
    " masthead jumpnav adsbygoogle outbrain taboola headerlink pagination pager prevnext"
)
_SHORT_OR_LINKED = words_of(
    "share sharing social newsletter subscribe subscription signup promo advert advertisement ads sponsored"
    " popup modal overlay related recommended recommendations recirculation trending toc backlinks"
    " paywall donate followus footer"
)
_LINKED = words_of(
    "menu nav navigation sidebar sidenav header links widget widgets aside tags categories rail toolbar"
    " banner more"
)
_PAIRS = (
    (words_of("cookie cookies consent privacy"), words_of(
        "banner notice consent bar popup modal overlay dialog message alert policy law warning wall info"
        " disclaimer layer prompt")),
    (words_of("skip jump"), words_of("link content main nav navigation")),
    (words_of("read more you up"), words_of("next stories articles posts like")),
    (words_of("back scroll"), words_of("top")),
)  # fmt: skip


def mark_main(body: Node) -> None:
    """Mark everything outside of the main content as dropped; hidden elements count for nothing."""
    _show_what_hides_all(body)
    measure(body)
    total = _weight(body)
    if total == 0:
        return
    _mark_elements(body)
    measure(body, dropped=BY_ELEMENT)
    by_element = _weight(body)
    if by_element < total * 0.1:
        _unmark(body, BY_ELEMENT)
        measure(body)
        by_element = total
    # Names are judged by all that they name, also what is dropped already.
    measure(body)
    _mark_names(body)
    measure(body, dropped=BY_ELEMENT | BY_NAME)
    if _weight(body) < by_element * _KEPT_SHARE:
        _unmark(body, BY_NAME)
        measure(body, dropped=BY_ELEMENT)
    _mark_places(body)
    measure(body, dropped=BY_ELEMENT | BY_NAME | BY_PLACE)
    if _weight(body) < by_element * _KEPT_SHARE:
        _unmark(body, BY_PLACE)


def _weight(node: Node) -> float:
    """How much text there is; words of links count a quarter."""
    return node.chars - 0.75 * node.linked


def _link_share(node: Node) -> float:
    return node.linked / node.chars if node.chars else 0.0


def _unmark(body: Node, reason: int) -> None:
    for node in body.walk():
        node.dropped &= ~reason


def _show_what_hides_all(body: Node) -> None:
    """Pages hide their content until a script shows it, or while a dialog is open."""
    measure(body, hidden=True)
    if body.hidden:
        body.hidden = False
    for node in body.walk():
        if node.hidden and node.tag != "noscript" and node.chars > 200 and _link_share(node) < 0.5:
            node.hidden = node.chars * 2 < body.chars


def _mark_elements(body: Node) -> None:
    headings = [node for node in body.walk() if node.tag == "h1" and not node.hidden]
    titled = set[int]()
    # A heading that is a link is the name of the site, which leads home.
    if len(headings) == 1 and headings[0].linked < headings[0].chars:
        titled = {id(node) for node in _ancestors(headings[0])}
    for node, content, quoted in _with_surroundings(body):
        if _is_boilerplate_element(node, body, content=content, quoted=quoted, titled=id(node) in titled):
            node.dropped |= BY_ELEMENT


def _with_surroundings(body: Node) -> Iterator[tuple[Node, bool, bool]]:
    """Each element below the body, whether it is in the main content, and whether in a quote or figure."""
    stack = [(child, False, False) for child in body.elements()]
    while stack:
        node, content, quoted = stack.pop()
        yield node, content, quoted
        inside = content or node.tag in _CONTENT or node.get("role") == "main"
        cited = quoted or node.tag in _QUOTES
        stack.extend((child, inside, cited) for child in node.elements())


def _is_boilerplate_element(node: Node, body: Node, *, content: bool, quoted: bool, titled: bool) -> bool:
    tag, role = node.tag, node.get("role").lower()
    if tag in {"nav", "dialog"} or role in _ALWAYS_ROLES:
        return node.chars * 2 < body.chars or _link_share(node) > 0.5
    if tag == "aside" or role == "complementary":
        return not content or _link_share(node) > 0.3
    if tag == "footer" or role == "contentinfo":
        return not quoted and (not content or _link_share(node) > 0.4)
    if tag == "div" and node.get("title") in {"header", "footer"}:
        return node.parent is body  # running heads of a word processor
    if tag == "header" or role == "banner":
        return not (content or titled or node.chars * 4 > body.chars)
    return False


def _mark_names(body: Node) -> None:
    for node in body.walk():
        if node is body or node.tag in _CONTENT or not ("class" in node.attrs or "id" in node.attrs):
            continue
        if node.chars * 10 > body.chars * 3 and _link_share(node) < 0.7:
            continue
        if _named_boilerplate(node) and not _holds_content(node):
            node.dropped |= BY_NAME


def _holds_content(node: Node) -> bool:
    return any(
        one is not node and one.tag in {"main", "h1"} and one.linked * 2 < one.chars
        for one in islice(node.walk(), _LOOKED_INTO)
    )


def _named_boilerplate(node: Node) -> bool:
    name = f"{node.get('class')} {node.get('id')}"[:300]
    words = {word.lower() for word in _WORD.findall(name)}
    joined = {word.lower() for word in name.replace("-", "").replace("_", "").split()}
    words |= joined
    if words & _SURE:
        return True
    if any(words & first and words & second for first, second in _PAIRS) and node.chars < 3_000:
        return True
    share = _link_share(node)
    if words & _SHORT_OR_LINKED:
        return share > 0.3 or node.chars < 200
    if words & _LINKED:
        return (share > 0.5 and node.links > 1) or (node.chars == 0 and node.links > 0)
    return False


def _mark_places(body: Node) -> None:
    """Follow the branch with most of the text down; judge what stands beside it."""
    root = _content_root(body)
    node = root or body
    outer = list(_ancestors(node))
    inner = list[Node]()
    while node.tag not in _STOP:
        inner.append(node)
        branch = max(node.elements(), key=_shown_weight, default=None)
        if branch is None or _shown_weight(branch) < _PATH_SHARE * _weight(node):
            break
        node = branch
    on_path = {id(one) for one in (*outer, *inner, node)}
    for parent in outer:
        for child in parent.elements():
            if id(child) not in on_path and (_is_row_of_links(child) or _is_scrap(child)):
                child.dropped |= BY_PLACE
    for parent in inner[:-1]:
        for child in parent.elements():
            if id(child) not in on_path and _is_row_of_links(child):
                child.dropped |= BY_PLACE


def _is_row_of_links(node: Node) -> bool:
    return node.links >= 3 and _link_share(node) > 0.6 and node.tag not in _HEADINGS


def _is_scrap(node: Node) -> bool:
    return _weight(node) < 140 and not any(one.tag in _HEADINGS for one in node.walk())


_HEADINGS = frozenset(["h1", "h2"])
_STOP = frozenset(["p", "pre", "ul", "ol", "dl", "blockquote"])


def _shown_weight(node: Node) -> float:
    return 0.0 if node.hidden or node.dropped else _weight(node)


def _content_root(body: Node) -> Node | None:
    """The element that says it is the content, if there is one, and most of the text is in it."""
    mains, articles = list[Node](), list[Node]()
    stack = list(body.elements())
    while stack:
        node = stack.pop()
        if node.hidden or node.dropped:
            continue
        if node.tag == "main" or node.get("role") == "main":
            mains.append(node)
        elif node.tag == "article" or node.get("itemprop") == "articleBody":
            articles.append(node)
            continue
        stack.extend(node.elements())
    if len(mains) == 1 and _weight(mains[0]) >= 0.4 * _weight(body):
        return mains[0]
    if len(articles) == 1 and _weight(articles[0]) >= 0.5 * _weight(body):
        return articles[0]
    return None


def _ancestors(node: Node) -> Iterator[Node]:
    while node.parent is not None:
        node = node.parent
        yield node
