"""See `parser.commands.train`."""

from parser.commands.train import main
from parser.commands.command_line import run

if __name__ == "__main__":
    run(main)
