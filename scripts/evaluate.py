"""See `parser.commands.evaluate`."""

from parser.commands.command_line import run
from parser.commands.evaluate import main

if __name__ == "__main__":
    run(main)
