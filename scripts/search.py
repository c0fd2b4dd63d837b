"""See `parser.commands.search`."""

from parser.commands.command_line import run
from parser.commands.search import main

if __name__ == "__main__":
    run(main)
