"""See `parser.commands.serve`."""

from parser.commands.command_line import run
from parser.commands.serve import main

if __name__ == "__main__":
    run(main)
