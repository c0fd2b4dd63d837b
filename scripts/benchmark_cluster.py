"""See `parser.commands.benchmark_cluster`."""

from parser.commands.benchmark_cluster import main
from parser.commands.command_line import run

if __name__ == "__main__":
    run(main)
