"""See `clearparse.commands.check_gradients`."""

from clearparse.commands.check_gradients import main
from clearparse.commands.command_line import run

if __name__ == "__main__":
    run(main)
