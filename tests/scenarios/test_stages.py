"""One breach, told: the daemon as a process, killed in its middle, and every channel by what it received."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database
from tests.pagerduty import Pager
from tests.peers import listening
from tests.scenarios.stage import Stage, set_up
from tests.slack import CHANNEL, TOKEN, SlackApi, slack_api

CHANNELS = """  - slack: {{token: "{token}", channel: {channel}, url: "{slack}"}}
  - pagerduty: {{routing_key: "{key}", url: "{pager}"}}
rollback: {{verify_for: 2s}}
server:"""


@dataclass
class Heard:
    """The stage, and who hears of it beside the webhook."""

    stage: Stage
    slack: SlackApi
    pager: Pager

    def story(self) -> list[dict[str, Any]]:
        """What the webhook received of the breach."""
        return [a["data"] for a in self.stage.receiver.alerts if a["data"]["story"]]

    async def all_marked(self) -> None:
        """Waits until every message that is stored is known to be delivered."""

        async def done() -> bool:
            return not await self.stage.sql.fetchval(
                "SELECT count(*) FROM migration_monitor.alert WHERE delivered_at IS NULL"
            )

        await self.stage.until(done)


@asynccontextmanager
async def told(database: Database, folder: Path, **times: str) -> AsyncIterator[Heard]:
    pager = Pager()
    async with (
        slack_api() as slack,
        listening(pager.serve) as phone,
        set_up(database.dsn, folder, started=False, **times) as stage,
    ):
        given = {"token": TOKEN, "channel": CHANNEL, "slack": slack.url, "key": "r" * 32, "pager": phone.url}
        config = stage.config.read_text()
        stage.config.write_text(config.replace("server:", CHANNELS.format(**given)))
        await stage.daemon.start()
        await stage.sampled()
        yield Heard(stage, slack, pager)


@pytest.mark.slow
@pytest.mark.promise(10)
async def test_a_breach_has_as_many_messages_as_stages_also_when_the_daemon_is_killed_in_its_middle(
    newest: Database, tmp_path: Path
) -> None:
    """Breached, rolling back, rolled back, helped: in one thread, by one page, each once.

    The hold is long beside a restart: evidence that could not be gathered meanwhile is told as lacking.
    """
    async with told(newest, tmp_path, hold="20s", max_gap="25s") as heard:
        stage = heard.stage
        await stage.watch()
        stage.app.set(0.05)
        await stage.event("firing", "error_rate.warn")

        async def begun() -> bool:
            return bool(heard.story()) and len(heard.slack.parents) == 2

        await stage.until(begun)
        await heard.all_marked()
        await stage.daemon.kill()
        await stage.daemon.start()
        assert await stage.verdict() == "rolled_back"
        stage.app.set(0.0)
        await stage.event("aftermath")
        await heard.all_marked()

        story = heard.story()
        assert [(d["stage"], d["transition"].split("/")[0]) for d in story] == [
            ("breach", "error_rate.rollback"),
            ("rolling_back", "rollback"),
            ("outcome", "verdict"),
            ("outcome", "aftermath"),
        ]
        assert {d["condition"] for d in story} == {story[0]["story"].partition("@")[0]}
        _, breach = heard.slack.parents
        replies = heard.slack.replies(breach)
        assert [r.text.split(": ")[2] for r in replies] == [
            "rolling back now", "rolled back", "the rollback helped",
        ]  # fmt: skip
        assert "RESOLVED: rename_email on shop: the rollback helped" in breach.text
        assert [r.broadcast for r in replies] == [True, False, False]
        assert [key.partition("/")[2] for key in heard.pager.rang] == ["rollback"]
        assert (heard.pager.open, heard.pager.refused) == ({}, [])
        assert max(Counter(d["key"] for d in story).values()) == 1


@pytest.mark.slow
async def test_a_pipeline_whose_registration_is_refused_is_told_by_the_daemon_and_taken_back(
    newest: Database, tmp_path: Path
) -> None:
    """Nobody may have read the log of the deploy; no value of the SQL is in what is told."""
    async with told(newest, tmp_path) as heard:
        stage = heard.stage
        file = tmp_path / "bad.sql"
        file.write_text("UPDATE contacts SET email_address = 'canary-5ecret' WHERE")
        await stage.cli("watch", "rename_email", "--rollback", str(file), expect=2)

        async def refused() -> bool:
            return any("registration REFUSED" in title for title in stage.receiver.titles())

        await stage.until(refused)
        assert "REFUSED, not monitored: rename_email on shop" in await stage.cli("status")
        await stage.watch()

        async def over() -> bool:
            return any("registration accepted after all" in title for title in stage.receiver.titles())

        await stage.until(over)
        await heard.all_marked()
        assert heard.pager.rang == []
        assert heard.slack.parents[0].text.startswith("RESOLVED")
        stored = await stage.sql.fetch("SELECT message::text FROM migration_monitor.alert")
        kept = await stage.sql.fetch("SELECT detail::text FROM migration_monitor.event")
        assert "canary" not in str([*map(tuple, stored), *map(tuple, kept)]) + "".join(
            stage.receiver.titles()
        )
