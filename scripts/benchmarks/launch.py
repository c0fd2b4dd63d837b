"""`python -m benchmarks.launch CORES COMMAND ...` runs a command and prints what it cost as a line of JSON.

It imports little: on Linux the peak memory of a process is at least that of the process that starts it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes per unit of ru_maxrss


def pin(cores: int) -> None:
    """Let this process and its children use the first available cores."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def peak_megabytes() -> float:
    """The peak memory of this process."""
    if sys.platform == "linux":
        with open("/proc/self/status", encoding="utf-8") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT / 1e6


def main() -> None:
    """Seconds, CPU seconds of all processes of the command, and peak MB of the largest one."""
    cores, *line = sys.argv[1:]
    pin(int(cores))
    start = time.perf_counter()
    process = subprocess.Popen(line, stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(line)}: exit status {process.returncode}")
    seconds, cpu = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
    print(json.dumps({"seconds": seconds, "CPU seconds": cpu, "peak MB": usage.ru_maxrss * MAXRSS_UNIT / 1e6}))


if __name__ == "__main__":
    main()
