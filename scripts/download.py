"""Fetch a treebank of Universal Dependencies: python scripts/download.py UD_English-EWT"""

from parser.commands.command_line import run
from parser.commands.download import main

if __name__ == "__main__":
    run(main)
