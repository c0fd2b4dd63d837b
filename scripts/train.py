"""See `parser.commands.train`."""

from parser.commands.command_line import run
from parser.commands.train import main

if __name__ == "__main__":
    run(main)
