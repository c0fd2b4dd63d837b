"""See `parser.commands.check_gradients`."""

from parser.commands.check_gradients import main
from parser.commands.command_line import run

if __name__ == "__main__":
    run(main)
