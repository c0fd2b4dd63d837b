"""See `clearparse.commands.evaluate`."""

from clearparse.commands.command_line import run
from clearparse.commands.evaluate import main

if __name__ == "__main__":
    run(main)
