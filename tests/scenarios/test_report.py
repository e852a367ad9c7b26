"""The report of a real rollback by a real daemon, read after the daemon is gone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database
from tests.scenarios.stage import set_up

pytestmark = pytest.mark.slow


async def test_a_rollbacks_report_needs_no_daemon_and_its_evidence_recomputes(
    newest: Database, tmp_path: Path
) -> None:
    """The recorded sums are those of the stored samples, to the last request."""
    async with set_up(newest.dsn, tmp_path) as stage:
        folder = tmp_path / "reports"
        await stage.daemon.kill()
        link = "https://monitor.example.com/{id}.html"
        stage.config.write_text(f'{stage.config.read_text()}report: {{dir: "{folder}", url: "{link}"}}\n')
        await stage.daemon.start()
        await stage.sampled()
        watch = await stage.watch()
        stage.app.set(0.3)
        assert await stage.verdict() == "rolled_back"
        written = folder / f"{watch['id']}.html"

        async def is_written() -> bool:
            return written.exists()

        await stage.until(is_written)
        assert "Rolled back: the schema is as it should be." in written.read_text()
        assert f"https://monitor.example.com/{watch['id']}.html" in "".join(stage.receiver.titles())
        await stage.daemon.kill()
        out = tmp_path / "report.html"
        document: Any = json.loads(await stage.cli("report", "rename_email", "--json", "--out", str(out)))
        proofs = [p for p in document["evidence"] if p["rule"] == "error_rate.rollback"]
        assert [p["agrees"] for p in proofs] == [True]
        page = out.read_text()
        assert "Rolled back: the schema is as it should be." in page
        assert "RENAME COLUMN email_address TO email" in page
        assert (await stage.cli("report", "rename_email")).startswith("<!doctype html>")
        await stage.cli("report", "nothing_of_that_name", expect=2)
        await stage.cli("report", "rename_email", "--out", "/nowhere/report.html", expect=2)
        if kept := os.environ.get("MONITOR_ARTEFACTS"):
            Path(kept).mkdir(parents=True, exist_ok=True)
            (Path(kept) / "report.html").write_text(page)
