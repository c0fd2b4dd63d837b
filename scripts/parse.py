"""See `clearparse.commands.parse`."""

from clearparse.commands.command_line import run
from clearparse.commands.parse import main

if __name__ == "__main__":
    run(main)
