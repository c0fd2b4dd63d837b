"""See `clearparse.commands.train`."""

from clearparse.commands.command_line import run
from clearparse.commands.train import main

if __name__ == "__main__":
    run(main)
