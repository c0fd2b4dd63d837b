"""The option --format of the commands that write trees, and its default: what the output's extension says."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from clearparse.commands.command_line import CommandLine, UsageError
from clearparse.corpus.formats import OutputFormat, format_of_output
from clearparse.corpus.tasks import is_folder


def add_format_option(cli: CommandLine, formats: Mapping[str, OutputFormat], default: str, group: str) -> None:
    """Add --format. default: the format of an output without an extension, such as stdout."""
    choices = "; ".join(f"{name}: {each.description}" for name, each in formats.items())
    help_text = f"{choices} (default: by the extension of --output, else {default})"
    cli.option("--format", group=group, choices=formats, help=help_text)


def chosen_format(arguments: argparse.Namespace, formats: Mapping[str, OutputFormat], default: str) -> str:
    """The value of --format, or what the extension of --output says. Raises UsageError for an unknown extension."""
    if arguments.format:
        return str(arguments.format)
    if is_folder(arguments.output):
        return default
    found = format_of_output(arguments.output, default, formats)
    if found is None:
        extensions = ", ".join(each.extension for each in formats.values())
        raise UsageError(
            f"{arguments.output}: no output format has this extension (known: {extensions}); rename it or give --format"
        )
    return found
