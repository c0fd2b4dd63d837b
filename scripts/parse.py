"""See `parser.commands.parse`."""

from parser.commands.command_line import run
from parser.commands.parse import main

if __name__ == "__main__":
    run(main)
