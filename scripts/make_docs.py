"""See `benchmarks.make_docs`."""

from benchmarks.make_docs import main
from clearparse.commands.command_line import run

if __name__ == "__main__":
    run(main)
