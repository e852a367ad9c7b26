"""A plugin of pytest that runs the collected tests once, then each mutant in a forked child of its own.

The first run notes which functions a test calls and how long it takes; that is kept for the next time. A
mutant's tests are those that call its function, those that have killed a brother first, then the fastest: at
the first that fails it is dead. So it is after ten times the usual time, and when it asks for much memory.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.made import Mutant, mutants

MEMORY = 2 << 30
LEAST_TIME = 2.0
"""Seconds of CPU that every test may take."""

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "artefacts" / "mutants.json"
"""Test -> its seconds, and the functions that it calls."""

SURVIVED = ROOT / "artefacts" / "survivors.json"
"""Of the last run, for `--again`."""


class Session:
    """`survivors` are there when it has ended. `longest`: of a test that is asked, in seconds of CPU.

    `again`: only those that survived the last run.
    """

    def __init__(self, modules: list[str], jobs: int, longest: float, again: bool) -> None:
        self.modules, self.jobs, self.longest, self.again = modules, jobs, longest, again
        self.found: list[Mutant] = []
        self.survivors: list[Mutant] = []
        self.calls: dict[str, tuple[float, list[str]]] = {}
        self.kills: dict[tuple[str, pytest.Item], int] = defaultdict(int)
        self.running: dict[int, tuple[Mutant, list[pytest.Item]]] = {}
        self.parent = os.getpid()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Tests that ask the reference alone are left out."""
        config.hook.pytest_deselected(items=[item for item in items if _asks_reference(item)])
        items[:] = [item for item in items if not _asks_reference(item)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Notes what is called, in the first run only; what was cached before would not be called."""
        if os.getpid() != self.parent:
            return (yield)
        _forget()
        seen: set[CodeType] = set()
        began = time.process_time()
        sys.setprofile(lambda frame, event, _: seen.add(frame.f_code) if event == "call" else None)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            self.calls[item.nodeid] = time.process_time() - began, sorted(filter(None, map(_name_of, seen)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own."""
        self.calls = _kept(session.items)
        unknown = [item for item in session.items if item.nodeid not in self.calls]
        for item, after in zip(unknown, [*unknown[1:], None], strict=False):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        if session.testsfailed:
            return True
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(self.calls))
        self._try_all([item for item in session.items if self.calls[item.nodeid][0] <= self.longest])
        return True

    def _try_all(self, items: list[pytest.Item]) -> None:
        self.found = [mutant for module in self.modules for mutant in mutants(module)]
        if self.again:
            before = {tuple(key) for key in json.loads(SURVIVED.read_text())}
            self.found = [mutant for mutant in self.found if mutant.key in before]
        callers = defaultdict(list)
        for item in items:
            for name in self.calls[item.nodeid][1]:
                callers[name].append(item)
        gc.freeze()  # children share what is there
        for n, mutant in enumerate(self.found):
            while len(self.running) >= self.jobs:
                self._await_one()
            self._start(mutant, items if mutant.is_constant else callers[mutant.name])
            print(f"\r{n + 1}/{len(self.found)} mutants, {len(self.survivors)} survived", end="", flush=True)
        while self.running:
            self._await_one()
        print()
        SURVIVED.write_text(json.dumps([mutant.key for mutant in self.survivors]))

    def _start(self, mutant: Mutant, items: list[pytest.Item]) -> None:
        seconds = {item: self.calls[item.nodeid][0] for item in items}
        tests = sorted(items, key=lambda i: (-self.kills[mutant.name, i], -self.kills["", i], seconds[i]))
        pid = os.fork()
        if pid == 0:
            os._exit(_end_of(mutant, tests, seconds))
        self.running[pid] = mutant, tests

    def _await_one(self) -> None:
        pid, status = os.wait()
        mutant, tests = self.running.pop(pid)
        if not os.WIFEXITED(status):
            return
        killer = os.WEXITSTATUS(status)
        if killer == 0:
            self.survivors.append(mutant)
            print(f"\n{mutant}")
        elif killer <= min(254, len(tests)):
            self.kills[mutant.name, tests[killer - 1]] += 1
            self.kills["", tests[killer - 1]] += 1


def _asks_reference(item: pytest.Item) -> bool:
    return "reference]" in item.nodeid


def _name_of(code: CodeType) -> str:
    path = Path(code.co_filename)
    if not path.is_relative_to(ROOT / "monitor"):
        return ""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return f"{module}:{code.co_qualname.partition('.<locals>')[0]}"


def _kept(items: list[pytest.Item]) -> dict[str, tuple[float, list[str]]]:
    """Of tests that are as they were, of a program that is as it was."""
    if not KEPT.exists():
        return {}
    written = KEPT.stat().st_mtime
    sources = [*(ROOT / "monitor" / "core").glob("*.py"), *(ROOT / "tests").glob("*.py")]
    if any(path.stat().st_mtime > written for path in sources):
        return {}
    known = json.loads(KEPT.read_text())
    return {
        item.nodeid: (known[item.nodeid][0], known[item.nodeid][1])
        for item in items
        if item.nodeid in known and item.path.stat().st_mtime <= written
    }


def _end_of(mutant: Mutant, tests: list[pytest.Item], seconds: dict[pytest.Item, float]) -> int:
    """0: it survives; else which of the tests killed it, from 1 on."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    mutant.apply()
    _forget()
    for n, item in enumerate(tests):
        signal.setitimer(signal.ITIMER_VIRTUAL, LEAST_TIME + 10 * seconds[item])
        try:
            reports = runtestprotocol(item, log=False, nextitem=None)
        except BaseException:
            return min(n + 1, 255)
        if any(report.failed for report in reports):
            return min(n + 1, 255)
    return 0


def _forget() -> None:
    """What was cached was made by the unchanged code."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("monitor", "tests")):
            for value in list(vars(module).values()):
                clear: Callable[[], None] | None = getattr(value, "cache_clear", None)
                if callable(clear):
                    clear()
