"""See `benchmarks.everyday_command`."""

from benchmarks.everyday_command import main
from clearparse.commands.command_line import run

if __name__ == "__main__":
    run(main)
