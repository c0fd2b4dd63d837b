"""Fetch a treebank of Universal Dependencies: python scripts/download.py UD_English-EWT"""

from clearparse.commands.command_line import run
from clearparse.commands.download import main

if __name__ == "__main__":
    run(main)
