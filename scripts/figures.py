"""See `benchmarks.figures`."""

from benchmarks.figures import main
from clearparse.commands.command_line import run

if __name__ == "__main__":
    run(main)
