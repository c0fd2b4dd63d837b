"""See `benchmarks.parsers_command`."""

from benchmarks.parsers_command import main
from clearparse.commands.command_line import run

if __name__ == "__main__":
    run(main)
