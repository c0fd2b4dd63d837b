"""See `clearparse.commands.serve`."""

from clearparse.commands.command_line import run
from clearparse.commands.serve import main

if __name__ == "__main__":
    run(main)
