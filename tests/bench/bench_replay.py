"""What does replaying a recording cost? CPU time with start-up, and peak memory, for 1 day and for 4.

A day of four healthy metrics at 5 s is 69,124 lines. Memory must not grow with the file; CPU is the
best of three runs, each a process of its own. By the documented policy a healthy day succeeds and the
replay ends there: for four days, `success_after` is longer, in a configuration.

    uv run python -m tests.bench.bench_replay
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
INTERVAL = 5
DAY = 24 * 3600
RUNS = 3

PROGRAM = (sys.executable, "-m", "monitor")
LONGER = "watch: {success_after: 96h, give_up_after: 120h}\n"


def record(path: Path, days: int) -> int:
    """Writes that many days, both ends included; the number of lines."""
    chance = random.Random(1)
    moments = range(START, START + days * DAY + 1, INTERVAL)
    with path.open("w") as file:
        for at in moments:
            errors = sum(chance.random() < 0.0004 for _ in range(5))
            for sample in (
                {"metric": "error_rate", "value": errors / 500, "errors": errors, "requests": 500},
                {"metric": "response_time", "value": chance.uniform(80, 150)},
                {"metric": "connections", "value": chance.randint(10, 40)},
                {"metric": "query_latency", "value": chance.uniform(1, 20)},
            ):
                file.write(json.dumps({"at": at, **sample}) + "\n")
    return 4 * len(moments)


def replayed(path: Path, *options: str) -> tuple[float, float]:
    """CPU seconds and peak megabytes of one replay."""
    command = [*PROGRAM, *options, "replay", str(path), "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the replay ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measured(path: Path, lines: int, *options: str) -> str:
    """The best of RUNS, in words."""
    seconds, megabytes = min(replayed(path, *options) for _ in range(RUNS))
    return f"{lines:7,} lines  {seconds:5.2f} s CPU  {megabytes:5.1f} MB"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config, recording = Path(folder, "monitor.yaml"), Path(folder, "recorded.jsonl")
        config.write_text(LONGER)
        day = record(recording, 1)
        print("1 day, documented policy   ", measured(recording, day))
        print("1 day, --config            ", measured(recording, day, "--config", str(config)))
        four = record(recording, 4)
        print("4 days, --config           ", measured(recording, four, "--config", str(config)))


if __name__ == "__main__":
    main()
