"""See `parser.commands.parse`."""

from parser.commands.parse import main
from parser.commands.command_line import run

if __name__ == "__main__":
    run(main)
