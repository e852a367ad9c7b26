"""What replaying a day costs: CPU with start-up, and memory beside an hour's.

`uv run python -m tests.bench.bench_replay`. The day is four healthy metrics at 5 s: 69,124 lines.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

START = 1_700_000_000
HOUR, DAY = 721, 17_281
"""Rounds at 5 s, both ends included."""

RUNS = 5


def record(path: Path, rounds: int) -> int:
    """Writes that many rounds of four healthy metrics; the number of lines."""
    chance = random.Random(1)
    with path.open("w") as file:
        for at in range(START, START + 5 * rounds, 5):
            errors = sum(chance.random() < 0.0004 for _ in range(5))
            for sample in (
                {"metric": "error_rate", "value": errors / 500, "errors": errors, "requests": 500},
                {"metric": "response_time", "value": chance.uniform(80, 150)},
                {"metric": "connections", "value": chance.randint(10, 40)},
                {"metric": "query_latency", "value": chance.uniform(1, 20)},
            ):
                file.write(json.dumps({"at": at, **sample}) + "\n")
    return 4 * rounds


def replayed(path: Path) -> tuple[float, float]:
    """CPU seconds and peak megabytes of one replay."""
    arguments = [sys.executable, "-m", "monitor", "replay", str(path), "--json"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"replay ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    """The best of the runs: what is slower was the machine's other work."""
    with tempfile.TemporaryDirectory() as folder:
        day, hour = Path(folder, "day.jsonl"), Path(folder, "hour.jsonl")
        lines = record(day, DAY)
        record(hour, HOUR)
        seconds, megabytes = min(replayed(day) for _ in range(RUNS))
        _, of_an_hour = min(replayed(hour) for _ in range(2))
    print(f"replay of {lines:,} lines: {seconds:.2f} s CPU with start-up  (aim < 1.5 s)")
    print(f"peak memory: a day {megabytes:.1f} MB  an hour {of_an_hour:.1f} MB  (aim: the same)")


if __name__ == "__main__":
    main()
