"""`python -m tests.golden` shows how what is said today differs from what is kept; `--write` keeps it.

Further words name files, or what their names begin with: `python -m tests.golden --write plans/kinds`.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator

from tests import servers
from tests.golden import families, kept


def main() -> None:
    reading = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    reading.add_argument("--write", action="store_true")
    reading.add_argument("names", nargs="*")
    given = reading.parse_args()
    try:
        for name, text in _made(given.names):
            if given.write:
                print(f"{'written' if kept.write(name, text) else 'the same'}: {name}", flush=True)
            elif said := kept.difference(name, text):
                print(said, flush=True)
    finally:
        servers.stop_all()


def _made(wanted: list[str]) -> Iterator[tuple[str, str]]:
    for name in families.PLAIN:
        if _is_wanted(name, wanted):
            yield name, families.plain_text(name)
    for name in families.ON_SERVERS:
        for major in families.majors(name) if _is_wanted(name, wanted) else ():
            yield asyncio.run(families.on_server(name, major))


def _is_wanted(name: str, wanted: list[str]) -> bool:
    return not wanted or any(name.startswith(one.partition(".")[0]) for one in wanted)


if __name__ == "__main__":
    main()
