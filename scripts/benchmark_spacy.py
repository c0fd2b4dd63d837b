"""See `parser.commands.benchmark_spacy`."""

from parser.commands.benchmark_spacy import main
from parser.commands.command_line import run

if __name__ == "__main__":
    run(main)
