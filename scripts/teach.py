"""See `teacher.command`."""

from clearparse.commands.command_line import run
from teacher.command import main

if __name__ == "__main__":
    run(main)
