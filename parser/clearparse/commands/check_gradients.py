"""`python scripts/check_gradients.py`: compare every identity and gradient with finite differences."""

from __future__ import annotations

from clearparse.commands.command_line import CommandLine, UsageError
from clearparse.errors import ClearparseError
from clearparse.network.gradient_check import BOUND, DIMS, all_checks

MAX_PARAMETERS = 200_000  # parameters: each costs two forward passes


def main(argv: list[str]) -> None:
    """Print a line for each check. Raises ClearparseError if one fails."""
    cli = CommandLine("check_gradients.py", description="Compare every hand-written gradient with finite differences.")
    cli.option("--dims", default="", metavar="B=4,m=3,...", help=f"sizes of network and batch (default: {_text(DIMS)})")
    cli.option("--seed", type=int, default=1, metavar="N", help="seed of the random network (default: 1)")
    options = cli.parse(argv)
    if options.seed < 0:
        cli.error(f"--seed: {options.seed} is negative")
    dims = _dims(options.dims)
    print(f"float64, central differences; {_text(dims)}\n")
    print(f"{'':<54}{'shape':>12}  largest relative error   bound")
    failed = 0
    for check in all_checks(options.seed, dims):
        verdict = "" if check.passed else "  WRONG"
        shape = " x ".join(map(str, check.shape))
        print(f"{check.name:<54}{shape:>12}  {check.error:22.1e}   {check.bound:.0e}{verdict}", flush=True)
        failed += not check.passed
    if failed:
        raise ClearparseError(f"{failed} of the gradients are wrong")
    print(f"\nall within {BOUND:.0e}")


def _text(dims: dict[str, int]) -> str:
    return ",".join(f"{name}={size}" for name, size in dims.items())


def _dims(text: str) -> dict[str, int]:
    dims = dict(DIMS)
    for part in filter(None, text.split(",")):
        name, _, size = part.partition("=")
        if name not in DIMS or not size.isascii() or not size.isdigit() or not int(size):
            raise UsageError(f"--dims: {part!r} is not one of {', '.join(DIMS)} with a size, as in B=8")
        dims[name] = int(size)
    count = dims["V"] * dims["d"] + (dims["m"] * dims["d"] + 1) * dims["H"] + (dims["H"] + 1) * dims["C"]
    if count > MAX_PARAMETERS:
        raise UsageError(f"--dims: {count:,} parameters; at most {MAX_PARAMETERS:,} can be checked")
    return dims
