"""The elements of an HTML page as a light tree that can be walked without recursion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from mv2.errors import DocumentLimitError, MissingExtraError
from mv2.extract.readers._html_tame import tame, words_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MOST_NODES = 1_500_000
_NO_CONTENT = words_of(
    "script style head meta link base iframe frame frameset object embed applet audio video canvas map"
    " datalist param source track noembed noframes meter"
)
_TEXT = "-text"
_MOST_FACTS = 500
_MOST_SCRIPTS = 50

Child: TypeAlias = "Node | str"


class Node:
    """An element.

    Attributes:
        tag: lower-case name.
        attrs: its attributes; one without a value has None.
        children: elements and texts, in order.
        hidden: a browser would not show it.
        dropped: why it is left out as boilerplate: bits of ``_html_main``, 0 if it is not.
        chars: visible characters inside, without white space at the ends of each text.
        linked: those of them inside links.
        links: number of links inside.
    """

    __slots__ = ("attrs", "chars", "children", "dropped", "hidden", "linked", "links", "parent", "tag")

    def __init__(self, tag: str, attrs: dict[str, str | None], parent: Node | None) -> None:
        self.tag = tag
        self.attrs = attrs
        self.parent = parent
        self.children: list[Child] = []
        self.hidden = False
        self.dropped = 0
        self.chars = self.linked = self.links = 0

    def get(self, name: str) -> str:
        """The value of an attribute without outer spaces; empty if it is not there."""
        return (self.attrs.get(name) or "").strip()

    def elements(self) -> Iterator[Node]:
        """Its children that are elements."""
        return (child for child in self.children if not isinstance(child, str))

    def walk(self) -> Iterator[Node]:
        """It and all elements inside of it, in document order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(child for child in reversed(node.children) if not isinstance(child, str))

    def text(self) -> str:
        """All text inside of it that is not hidden, joined by spaces between elements and tidied."""
        parts = list[str]()
        stack: list[Child] = [self]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                parts.append(item)
            elif not item.hidden:
                stack.extend(reversed(item.children))
        return " ".join("".join(parts).split())


class Page:
    """A parsed page.

    Attributes:
        body: the root of its content.
        html: attributes of the ``html`` element.
        head: elements of the head that state facts (``title``, ``meta``, ``link``, ``base``).
        scripts: JSON-LD found anywhere.
    """

    __slots__ = ("body", "head", "html", "scripts")

    def __init__(self, source: str, *, xhtml: bool = False) -> None:
        try:
            from selectolax.lexbor import LexborHTMLParser
        except ImportError as error:
            raise MissingExtraError(
                "reading HTML needs selectolax", remedy="pip install 'mv2[docs]'"
            ) from error
        parser = LexborHTMLParser(tame(source, xhtml=xhtml))
        self.head = list[Node]()
        self.scripts = list[str]()
        root = parser.root
        self.html = {} if root is None else dict(root.attributes)
        for found in parser.css("title, meta, link, base"):
            if len(self.head) >= _MOST_FACTS:
                break
            fact = Node(found.tag or "", dict(found.attributes), None)
            if fact.tag == "title":
                if _inside(found, "svg"):
                    continue
                fact.children.append(found.text(deep=True) or "")
            self.head.append(fact)
        for found in parser.css('script[type="application/ld+json"]')[:_MOST_SCRIPTS]:
            self.scripts.append(found.text(deep=True) or "")
        self.body = Node("body", {}, None)
        if parser.body is not None:
            self.body.attrs = dict(parser.body.attributes)
            _copy(parser.body, self.body)


def _inside(found: LexborNode, tag: str) -> bool:
    parent = found.parent
    return parent is not None and parent.tag == tag


def _copy(source: LexborNode, target: Node) -> None:
    """Copy what is below ``source``; hidden elements and templates are marked, not left out."""
    count = 0
    above: list[tuple[LexborNode | None, Node]] = []
    here, parent = source.first_child, target
    while True:
        if here is None:
            if not above:
                return
            here, parent = above.pop()
            continue
        count += 1
        if count > MOST_NODES:
            raise DocumentLimitError(f"the HTML page has more than {MOST_NODES:,} elements and texts")
        tag = here.tag or ""
        if tag == _TEXT:
            parent.children.append((here.text_content or "").replace("\0", ""))
        elif here.is_element_node and tag not in _NO_CONTENT:
            node = Node(tag, here.attributes, parent)
            node.hidden = _is_hidden(node)
            parent.children.append(node)
            inside = _template_root(here, node) if tag == "template" else here.first_child
            if inside is not None:
                above.append((here.next, parent))
                here, parent = inside, node
                continue
        here = here.next


def _template_root(found: LexborNode, node: Node) -> LexborNode | None:
    """What a template holds; that of a shadow tree is shown."""
    fragments = found.template_fragments()
    node.hidden = not node.get("shadowrootmode")
    node.tag = "div"
    return fragments[0].first_child if fragments else None


def _is_hidden(node: Node) -> bool:
    attrs = node.attrs
    if node.tag == "noscript" or "hidden" in attrs or attrs.get("aria-hidden") == "true":
        return True
    style = attrs.get("style")
    if style is None or ("none" not in style and "hidden" not in style):
        return False
    style = style.replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style


def measure(root: Node, *, dropped: int = 0, hidden: bool = False) -> None:
    """Count characters and links of every element below ``root``, without what is left out.

    Args:
        dropped: bits of ``Node.dropped`` that leave an element out.
        hidden: count hidden elements too.
    """
    order = list(root.walk())
    for node in order:
        node.chars = node.linked = node.links = 0
    for node in reversed(order):
        for child in node.children:
            if isinstance(child, str):
                node.chars += len(child.strip())
        if node.tag == "a" and "href" in node.attrs:
            node.links += 1
            node.linked = node.chars
        parent = node.parent
        if (
            parent is not None
            and node is not root
            and not (node.hidden and not hidden)
            and not node.dropped & dropped
        ):
            parent.chars += node.chars
            parent.linked += node.linked
            parent.links += node.links
