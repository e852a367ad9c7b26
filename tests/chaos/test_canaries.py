"""Fault 37: secrets and what remotes say are in no output, whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import asyncpg
import httpx
import pytest

from monitor.demo.postgres import free_port
from tests.conftest import Database
from tests.peers import listening, request_of, response
from tests.roles import make_roles
from tests.rollbacks import connected
from tests.scenarios.stage import Application, Daemon, Stage
from tests.scenarios.stage import Receiver as Inbox

pytestmark = [pytest.mark.fault(37), pytest.mark.promise(20), pytest.mark.slow, pytest.mark.timeout(300)]

NAMES = (
    "polling", "rollback", "store", "userinfo", "query", "header", "slack", "pager", "token", "row", "reply",
)  # fmt: skip

SECRETS = {name: f"canary{number}{name}" for number, name in enumerate(NAMES, 10)}
"""One for each secret and each remote text, so that a leak says whose it is."""

WEBHOOK = "whsec_Y2FuYXJ5d2ViaG9vaw=="

HARM = "<!channel>\\n\\u001b[31m"
"""What a remote could say to ring everybody, to break a line, to colour a terminal."""

CONFIG = """
targets:
  shop:
    database: {{dsn: "{polling}", rollback_dsn: "{rollback}"}}
    metrics:
      error_rate:
        json: {{url: "{app}", errors: errors, requests: requests, headers: {{X-Key: "{header}"}}}}
      response_time: {{json: {{url: "{broken}", value: response_time_ms, unit: ms}}}}
      gone:
        json: {{url: "http://{userinfo}:{userinfo}@127.0.0.1:9/{query}?t={query}", value: x, unit: ms}}
thresholds:
  error_rate: {{rollback_for: 3s}}
  gone: {{normal_below: 1s}}
watch: {{interval: 500ms, fast_interval: 100ms, rate_window_max: 5s, max_gap: 2s, blind_after: 2s,
        warn_for: 1s, success_after: 10m, give_up_after: 1h}}
alerts:
  - slack: {{webhook_url: "{angry}{slack}"}}
  - pagerduty: {{routing_key: "{pager}", url: "{angry}"}}
  - webhook: {{url: "{inbox}", secret: "{webhook}"}}
  - log: {{}}
server: {{listen: "127.0.0.1:{port}", token: "{token}"}}
{more}
"""


async def angry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Refuses everything, and repeats what it was sent, with more of its own."""
    while True:
        asked = await request_of(reader)
        body = f'{{"error": "{HARM}{SECRETS["reply"]}"}}'.encode() + asked
        writer.write(response(body, status="500 " + SECRETS["reply"]))
        await writer.drain()


def with_password(dsn: str, secret: str) -> str:
    """The same role with a password, which this server does not ask for."""
    return dsn.replace("@", f":{secret}@", 1)


def leaks(where: str, text: str) -> list[str]:
    """Which canaries are in it, and characters that a terminal or a chat would act on."""
    found = [f"{where}: {name}" for name, value in SECRETS.items() if value in text]
    found += [f"{where}: webhook"] if WEBHOOK in text or WEBHOOK[6:] in text else []
    return found + ([f"{where}: control characters"] if "\x1b" in text or "<!channel>" in text else [])


async def test_no_secret_and_no_raw_remote_text_in_any_output(newest: Database, tmp_path: Path) -> None:
    """Commands, logs, answers, alerts and tables of a day on which everything fails."""
    dsns = await make_roles(newest.dsn)
    async with connected(dsns.owner) as c:
        await c.execute(
            "CREATE TABLE contacts (id int PRIMARY KEY, email_address text);"
            f"INSERT INTO contacts SELECT g, '{SECRETS['row']}' FROM generate_series(1, 2) g"
        )
    port, app, inbox = free_port(), Application(), Inbox()
    found: list[str] = []
    async with (
        listening(app.serve) as site, listening(angry) as broken, listening(inbox.serve) as receiver
    ):  # fmt: skip
        given = {
            **SECRETS,
            "webhook": WEBHOOK,
            "polling": with_password(dsns.polling, SECRETS["polling"]),
            "rollback": with_password(dsns.rollback, SECRETS["rollback"]),
            "app": site.url.replace("//", f"//u:{SECRETS['userinfo']}@") + f"?k={SECRETS['query']}",
            "broken": f"{broken.url}?token={SECRETS['query']}", "angry": f"{broken.url}/",
            "inbox": receiver.url, "port": port, "more": "",
        }  # fmt: skip
        config = tmp_path / "monitor.yaml"
        config.write_text(CONFIG.format(**given))
        daemon = Daemon(config)
        await daemon.start()
        sql = await asyncpg.connect(newest.dsn)
        stage = Stage(newest.dsn, config, app, inbox, daemon, sql)
        try:
            await stage.sampled()
            unique = "ALTER TABLE contacts ADD CONSTRAINT one UNIQUE (email_address)"
            await stage.watch(sql=unique)
            found += await said(stage, "status", "status --json", "check", "check --json", "wait x")
            found += await answers(port)
            await stage.cli("rollback", "rename_email", "--reason", "now")
            assert await stage.verdict() == "failed"
            found += await said(stage, "status", "status --json", "wait rename_email", "pause rename_email")
            found += await answers(port)
            await asyncio.sleep(1)
            for table in ("event", "alert", "sample", "target"):
                rows = await sql.fetch(f"SELECT t::text AS row FROM migration_monitor.{table} t")
                found += leaks(f"table {table}", " ".join(r["row"] for r in rows))
            found += leaks("view", str((await stage.row())["view"]))
            found += leaks("webhook bodies", json.dumps(inbox.alerts))
            assert inbox.alerts
            assert await daemon.kill(signal.SIGTERM) == 0
            found += leaks("daemon's log", daemon.log())
            found += await broken_configurations(stage, given)
        finally:
            await daemon.kill()
            await sql.close()
    assert found == []


async def said(stage: Stage, *commands: str) -> list[str]:
    """Leaks in both outputs of each command."""
    found = []
    for command in commands:
        code, out = await ran(stage.config, *command.split())
        assert "Traceback" not in out, (command, code, out)
        found += leaks(command, out)
    return found


async def ran(config: Path, *arguments: str) -> tuple[int | None, str]:
    """Exit code, and both outputs together."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "--config", str(config), *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode()


async def answers(port: int) -> list[str]:
    """Leaks in every answer of the daemon's HTTP interface, errors among them."""
    found = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client:
        watches = (await client.get("/api/v1/watches")).json()["watches"]
        one = f"/api/v1/watches/{watches[0]['id']}"
        for path in ("/", "/metrics", "/healthz", "/readyz", "/api/v1/watches", one, f"{one}/events",
                     f"{one}/samples", "/api/v1/watches/x", "/nothing"):  # fmt: skip
            answer = await client.get(path)
            found += leaks(path, answer.text + str(answer.headers))
        bearer = {"authorization": f"Bearer {SECRETS['token']}"}
        for body in ({"migration": "m", "rollback": "BROKEN"}, {"migration": 1}, {}):
            answer = await client.post("/api/v1/watches", json=body, headers=bearer)
            assert answer.status_code >= 400
            found += leaks(f"POST {body}", answer.text)
        answer = await client.post(f"{one}/pause", headers={"authorization": f"Bearer x{SECRETS['token']}"})
        found += leaks("wrong token", answer.text)
    return found


async def broken_configurations(stage: Stage, given: dict[str, object]) -> list[str]:
    """A password that is refused, a host that is none, a store that is away, values that are no values."""
    secret = SECRETS["rollback"]
    nobody = f"postgresql://nobody:{secret}@127.0.0.1"
    wrong: list[dict[str, object]] = [
        {"rollback": f"{nobody}:9/x", "polling": f"{nobody}:9/x"},
        {"rollback": f"postgresql://u:{secret}@no.such.host.invalid/x"},
        {"rollback": with_password(stage.dsn.replace("postgres@", "nobody@"), secret)},
        {"rollback": f"mysql://{secret}", "app": f"ftp://{secret}", "pager": ""},
        {"rollback": f"postgresql://u:{secret}@[::1", "app": f"http://{secret}:99999/"},
        {"rollback": f"{nobody}:9/x?sslmode=verify-full&sslrootcert=/{secret}"},
        {"rollback": f"{nobody}:9/x?sslmode={secret}"},
        {"more": f'store: {{dsn: "postgresql://u:{SECRETS["store"]}@127.0.0.1:9/x"}}'},
    ]
    found = []
    for change in wrong:
        stage.config.write_text(CONFIG.format(**{**given, **change}))
        plan = stage.config.parent / "rename_email.down.sql"
        for command in ("check --json", f"watch another --rollback {plan}"):
            _, out = await ran(stage.config, *command.split())
            assert "Traceback" not in out, out
            found += leaks(f"{command} with {[*change]}", out)
    return found
