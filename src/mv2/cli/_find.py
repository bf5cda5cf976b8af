"""``mv2 find``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from mv2.cli import _exit
from mv2.cli._hits import print_correction, print_footer, print_hits, print_mode
from mv2.cli._options import (
    embedder_option,
    file_argument,
    json_option,
    jsonl_option,
    open_to_read,
    quiet_option,
    verbose_option,
)
from mv2.cli._output import Output, write_json
from mv2.cli._select import (
    filter_options,
    mode_option,
    past_options,
    time_options,
    vector_value,
    within,
)

if TYPE_CHECKING:
    from mv2.types import Ranking

_SHARE: Final = click.FloatRange(0, 1)
_CUTOFFS: Final = ("relative", "absolute", "cliff", "elbow", "combined")
# Options that are fields of Ranking, by their arguments.
_RANKING: Final = ("cutoff", "min_relevancy", "diversity", "recency", "neighbours")


@click.command(epilog="\b\nExample:\n  mv2 find notes.mv2 'cellar key' -k 3")
@file_argument
@click.argument("query", nargs=-1, metavar="[QUERY]...")
@mode_option
@filter_options
@time_options
@past_options
@click.option("-k", "--k", type=click.IntRange(min=1), default=10, show_default=True, help="Hits on a page.")
@click.option("--cursor", help="Go on after an earlier page.")
@click.option(
    "--snippet-chars",
    "--snippet",
    "snippet_chars",
    type=click.IntRange(min=0),
    metavar="N",
    help="Characters of a snippet; 0 for none.",
)
@click.option(
    "--context",
    type=click.IntRange(0, 100),
    metavar="N",
    help="Show N frames on each side of a hit in its track.",
)
@click.option("--passages", is_flag=True, help="Every matching part of a long document is a hit.")
@click.option(
    "--cutoff", type=click.Choice(_CUTOFFS), help="Leave out the weak end of the result, by this rule."
)
@click.option(
    "--min-relevancy", type=float, metavar="X", help="The share, score or fall that --cutoff takes."
)
@click.option("--diversity", type=_SHARE, metavar="0-1", help="Move down hits that are like those above.")
@click.option("--recency", type=_SHARE, metavar="0-1", help="Prefer newer documents.")
@click.option(
    "--no-neighbours",
    "neighbours",
    flag_value=0.0,
    type=float,
    default=None,
    help="Do not let frames next to each other in a track lend each other score.",
)
@embedder_option
@click.option(
    "--vector",
    metavar="FILE",
    callback=vector_value,
    help="The query's vector, a JSON array of numbers; - is standard input.",
)
@click.option("--explain", is_flag=True, help="Show the parts of each score, matched words and rules.")
@click.option("-e", "--exit-status", is_flag=True, help="Exit with 3 when there is no hit.")
@verbose_option
@quiet_option
@json_option
@jsonl_option
def find(
    file: str,
    query: tuple[str, ...],
    embedder: str | None,
    exit_status: bool,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    as_jsonl: bool,
    **options: Any,
) -> int:
    """Search a memory.

    Plain words look for documents with all of them, or else with any. "A
    phrase", -word, word*, wrod~, fields (tag:work title:plan date:2026-11) and
    AND, OR, NOT with parentheses work too. Where the memory has vectors, what
    means the same is found as well. TIME is a date, seconds since 1970 or a
    phrase such as 'two weeks ago'. Finding nothing is no error; with -e it is
    exit code 3.
    """
    text = " ".join(query)
    given = within(options)
    ranking = _ranking(given)
    if not text.strip() and not {"filter", "scope", "since", "until", "vector"} & set(given):
        raise click.UsageError("Give a QUERY, a filter, a time or a vector.")
    with open_to_read(file, embedder) as memory:
        result = memory.find(text, ranking=ranking, **given)
    out = Output(json=as_json or as_jsonl, quiet=quiet)
    if as_jsonl:
        for hit in result.hits:
            write_json(hit)
    elif as_json:
        out.document(result)
    else:
        if verbose or options["explain"]:
            print_mode(result, out)
        print_correction(result, out)
        print_hits(result, out, explain=options["explain"])
        print_footer(result, out)
    return _exit.NOT_FOUND if exit_status and not result.hits else _exit.OK


def _ranking(given: dict[str, Any]) -> Ranking | None:
    """What the options say about the order, taken out of them; None if they say nothing."""
    fields = {name: given.pop(name) for name in _RANKING if name in given}
    if "min_relevancy" in fields and "cutoff" not in fields:
        raise click.UsageError("--min-relevancy needs --cutoff.")
    if not fields:
        return None
    from mv2.types import Ranking

    return Ranking(**fields)
