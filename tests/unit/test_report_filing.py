"""Reports as files: written when there is something new to tell, and not otherwise."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from monitor.core.samples import HOUR, MINUTE, SECOND, Micros
from monitor.errors import OperatorError
from monitor.ports import Json
from monitor.report.filing import AFTERMATH, SETTLE, Filing
from tests.hands import START, HandClock

ENDED = START
VERIFY = 10 * MINUTE


class Shelf:
    """One watch that ended, its reports, and a clock."""

    def __init__(self, folder: Path, verdict: str | None = "rolled_back") -> None:
        self.watch: dict[str, Any] = {
            "id": "w-1", "migration": "add_email", "target": "shop", "mode": "auto", "started_at": 0,
            "verdict": verdict, "verdict_at": None if verdict is None else ENDED / SECOND,
        }  # fmt: skip
        self.clock = HandClock(ENDED)
        self.asked = 0
        self.filing = Filing(folder, self._watches, self._gather, VERIFY, self.clock)
        self.path = self.filing.path("w-1")

    async def at(self, moment: Micros) -> int:
        """The calendar's run at that moment; how many reports were made so far."""
        self.clock.moment = moment
        before = self.asked
        await self.filing.run()
        if self.asked > before:
            os.utime(self.path, ns=(moment * 1000, moment * 1000))
        return self.asked

    async def _watches(self) -> Sequence[Json]:
        return [self.watch]

    async def _gather(self, watch_id: str) -> Json:
        self.asked += 1
        return {
            "watch": self.watch, "events": [], "alerts": [], "evidence": [], "worst": {}, "coverage": {},
            "salvaged": [], "metrics": {}, "since": 0, "until": 1, "step": 1, "generated_at": 1,
        }  # fmt: skip


async def test_a_rollbacks_report_is_written_twice_and_no_more(tmp_path: Path) -> None:
    """After the verdict, and when it is known whether it helped; the boundaries to the microsecond."""
    shelf = Shelf(tmp_path / "new" / "folder")
    assert await shelf.at(ENDED + SETTLE - 1) == 0
    assert await shelf.at(ENDED + SETTLE) == 1
    assert "add_email" in shelf.path.read_text()
    assert await shelf.at(ENDED + MINUTE) == 1
    assert await shelf.at(ENDED + VERIFY + AFTERMATH) == 2
    assert await shelf.at(ENDED + HOUR) == 2
    assert os.listdir(shelf.path.parent) == ["w-1.html"]


async def test_a_success_is_written_once_and_an_open_watch_not_at_all(tmp_path: Path) -> None:
    """There is no rollback to be judged."""
    success = Shelf(tmp_path, "succeeded")
    assert await success.at(ENDED + SETTLE) == 1
    assert await success.at(ENDED + HOUR) == 1
    assert await Shelf(tmp_path / "open", None).at(ENDED + HOUR) == 0


async def test_what_ended_while_no_daemon_ran_is_written_afterwards_but_not_old_history(
    tmp_path: Path,
) -> None:
    """A restart catches up; days later nobody waits for it."""
    assert await Shelf(tmp_path).at(ENDED + 20 * HOUR) == 1
    assert await Shelf(tmp_path / "later").at(ENDED + 100 * HOUR) == 0


async def test_a_folder_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    """The calendar counts and logs it."""
    shelf = Shelf(tmp_path)
    shelf.path.mkdir()
    os.utime(shelf.path, (0, 0))
    with pytest.raises(OperatorError, match="can't be written"):
        await shelf.at(ENDED + SETTLE)
