"""See `clearparse.commands.draw`."""

from clearparse.commands.command_line import run
from clearparse.commands.draw import main

if __name__ == "__main__":
    run(main)
