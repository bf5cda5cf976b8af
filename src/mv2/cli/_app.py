"""The root command, and the list of commands without importing them."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import Any, Final

import click

from mv2._version import __version__

# name -> (module, what it does); the order is the order of the help.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "create": ("_care", "Make an empty memory."),
    "put": ("_put", "Put files, folders, web pages or text into a memory."),
    "sync": ("_sync", "Bring a memory into step with a folder."),
    "chunks": ("_chunks", "Show how a document would be cut; nothing is stored."),
    "tables": ("_chunks", "List the tables of a memory, or print one."),
    "sessions": ("_talks", "List conversations, the latest last."),
    "conversation": ("_talks", "Print a conversation, oldest turn first."),
    "find": ("_find", "Search a memory."),
    "peek": ("_peek", "Search files and folders without making a memory."),
    "ask": ("_ask", "Answer a question from a memory, with the passages the answer rests on."),
    "similar": ("_similar", "List documents that are like one."),
    "duplicates": ("_similar", "List groups of documents that are the same, or nearly."),
    "timeline": ("_timeline", "List documents by time, oldest first."),
    "view": ("_view", "Print one document, or its history."),
    "update": ("_change", "Write a new version of a document."),
    "correct": ("_correct", "State what is true instead of what the memory holds."),
    "delete": ("_change", "Delete documents (their past is kept)."),
    "history": ("_history", "List all versions of a document, oldest first."),
    "commits": ("_history", "List the points of the past that can be visited, oldest first."),
    "diff": ("_history", "Show what was added, replaced and removed between two points of the past."),
    "embed": ("_correct", "Give vectors to documents that have none."),
    "import": ("_exchange", "Import conversations, notes, tables and memories of other programs."),
    "export": ("_exchange", "Write a memory in another format."),
    "merge": ("_merging", "Take memories into another one, with versions, deletions, times and vectors."),
    "split": ("_merging", "Write a memory as several ones, each with all versions of its documents."),
    "dump": ("_dump", "Print a memory as text, sorted by uri, the same as long as its documents are."),
    "when": ("_when", "Print the range of time that a date phrase means."),
    "stats": ("_care", "Show counts and sizes."),
    "verify": ("_care", "Check a memory for damage."),
    "vacuum": ("_care", "Give unused space back."),
    "demo": ("_demo", "Build a memory and search it, as a first look."),
    "completion": ("_about", "Print the completion script of a shell."),
    "version": ("_about", "Show versions, for bug reports."),
}


class ReaderLeftError(Exception):
    """The program that reads our output has closed it."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a closed pipe gets a name of its own, or click would exit with 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderLeftError from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"mv2.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExample:\n  mv2 put notes.mv2 --text 'The cellar key hangs behind the door.'",
)
@click.version_option(__version__, prog_name="mv2", message="%(prog)s %(version)s")
def app() -> None:
    """One-file memory: documents, search and history in a single .mv2 file.

    Exit codes: 0 done, 1 error, 2 wrong usage, 3 not found, 4 damaged file,
    5 locked by another process, 6 no answer (ask), 130 interrupted.
    """
