"""See `clearparse.commands.search`."""

from clearparse.commands.command_line import run_module

if __name__ == "__main__":
    run_module("clearparse.commands.search")
