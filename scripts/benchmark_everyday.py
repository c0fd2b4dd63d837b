"""See `benchmarks.everyday_command`."""

from clearparse.commands.command_line import run_module

if __name__ == "__main__":
    run_module("benchmarks.everyday_command")
