"""See `clearparse.commands.search`."""

from clearparse.commands.command_line import run
from clearparse.commands.search import main

if __name__ == "__main__":
    run(main)
