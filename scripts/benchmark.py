"""See `parser.commands.benchmark`."""

from parser.commands.benchmark import main
from parser.commands.command_line import run

if __name__ == "__main__":
    run(main)
