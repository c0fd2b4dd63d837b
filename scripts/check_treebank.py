"""See `parser.commands.check_treebank`."""

from parser.commands.check_treebank import main
from parser.commands.command_line import run

if __name__ == "__main__":
    run(main)
