"""See `clearparse.commands.check_treebank`."""

from clearparse.commands.check_treebank import main
from clearparse.commands.command_line import run

if __name__ == "__main__":
    run(main)
