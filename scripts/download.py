"""See `clearparse.commands.download`."""

from clearparse.commands.command_line import run
from clearparse.commands.download import main

if __name__ == "__main__":
    run(main)
