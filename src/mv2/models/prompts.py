"""What well-known open models want in front of a query and of a text (from their model cards)."""

from __future__ import annotations

from typing import Final

_BGE: Final = "Represent this sentence for searching relevant passages: "
_RULES: Final = (
    (("instruct", "mistral"), "", ""),  # they want a task of the user's own in front of a query
    (("e5-", "e5_"), "query: ", "passage: "),
    (("nomic-embed-text",), "search_query: ", "search_document: "),
    (("bge-small-en", "bge-base-en", "bge-large-en", "mxbai-embed-large"), _BGE, ""),
)


def prompts_of(model: str) -> tuple[str, str]:
    """(in front of a query, in front of a text) for a model's name; empty where it wants nothing."""
    name = model.lower()
    for fragments, query, document in _RULES:
        if any(fragment in name for fragment in fragments):
            return query, document
    return "", ""
