"""The commands as people and scripts call them: what they print, where, and the exit code."""

# ruff: noqa: E501 - what somebody does, types or says stands on one line

from __future__ import annotations

import json
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from monitor.demo.postgres import Server
from tests import rollbacks, servers
from tests.commands import Commands
from tests.golden.text import dumped, settled
from tests.rollbacks import connected

COMMANDS = (
    "demo", "init", "check", "watch", "run", "status", "wait", "pause", "resume", "cancel", "approve",
    "rollback", "rehearse", "fingerprint", "restore", "report",
)  # fmt: skip
"""Not `replay`: its help is written by the interpreter's own library, each version otherwise."""

DAY = 1_700_000_000

WIDE = {
    "COLUMNS": "100",
    "LINES": "50",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "USER": "ana",
    "LOGNAME": "ana",
    "TZ": "UTC",
}

NOW = re.compile(r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?|\b\d\d:\d\d:\d\d\b|\b1[789]\d{8}(\.\d+)?\b")
"""Moments of today."""

FORMS = (
    (re.compile(r"/\S*/golden-[^/\s]+/"), ""),
    (NOW, "<moment>"),
    (re.compile(r"\b(in )?\d+[dhms](\d+[hms])?( ago)?(?=[),]| by )"), "<a while>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"\bsha256 [0-9a-f]{12}, in"), "sha256 <digest>, in"),
    (re.compile(r"\bdigest: \S+"), "digest: <digest>"),
    (re.compile(r"\bt\d+_\d+\b"), "<db>"),
    (re.compile(r"query_latency: [\d.]+ \S*s"), "query_latency: <a time>"),
    (re.compile(r'"estimated lock time [^"\n]*"(,\n *| *(?=\]))'), ""),
    (re.compile(r"[^\n]*\bnote: estimated lock time [^\n]*\n"), ""),
    (re.compile(r"estimated lock time .*"), "estimated lock time <a time>"),
    (re.compile(r" +│\n"), " │\n"),
    (re.compile(r"─+╮\n"), "─╮\n"),
)
"""What is another each time, by its form, and what stands for it; frames follow what is in them.

A plan's notices name the time under the lock only where it is more than a moment, as on a busy machine.
"""

NOT_EVERYWHERE = "pg_stat_statements"
"""Some builds of the server have it: what is said of it is left out."""

CONFIG = """\
targets:
  shop:
    database: {dsn: "%s", allow_superuser: postgres}
    metrics:
      error_rate: {json: {url: "http://127.0.0.1:9/stats", errors: errors, requests: requests}}
      response_time: {json: {url: "http://127.0.0.1:9/stats", value: time, unit: ms}}
"""

SLIPS: tuple[tuple[str, ...], ...] = (
    ("relpay",),
    ("status", "--nope"),
    ("watch",),
    ("--config",),
    ("--config=", "status"),
    ("--config", "", "replay", "-"),
    ("--config", "/dev/zero", "check"),
    ("status", "--json", "--follow"),
    ("wait", "m", "--timeout", "5"),
    ("watch", "m", "--mode", "fast"),
    ("watch", "m", "--rollback", "/no/such"),
    ("replay", "/no/such"),
    ("--config", "/no/such.yaml", "status"),
    ("--config", "/no/such.yaml", "replay", "-"),
    ("replay", "-", "--started-at", "yesterday"),
    ("replay", "-", "--baseline", "many"),
)


def recording(minutes: int, rate: float, requests: int = 1000) -> str:
    """A recording of that error rate at one sample every 5 s, exact counts."""
    return "".join(
        json.dumps(
            {
                "at": DAY + at,
                "metric": "error_rate",
                "value": rate,
                "errors": rate * requests,
                "requests": requests,
            }
        )
        + "\n"
        for at in range(0, minutes * 60 + 1, 5)
    )


RECORDINGS = {
    "a breach": recording(7, 0.05),
    "too little traffic": recording(12, 0.5, 1),
    "a few minutes": recording(4, 0.0),
    "nothing": "",
    "no JSON": "{]\n",
    "a line that is no object": "[]\n",
    "no metric": '{"at": 1700000000}\n',
    "no moment": '{"metric": "error_rate", "value": 1}\n',
    "out of order": f'{{"at": {DAY + 5}, "metric": "error_rate", "value": 0}}\n{{"at": {DAY}, "metric": "error_rate", "value": 0}}\n',
    "a byte order mark": "\ufeff" + recording(1, 0.0),
    "milliseconds": '{"at": 1700000000000, "metric": "error_rate", "value": 0}\n',
    "no number": '{"at": NaN, "metric": "error_rate", "value": 0}\n',
    "no time": '{"at": [], "metric": "error_rate", "value": 0}\n',
    "no RFC 3339": '{"at": "2024-01-31", "metric": "error_rate", "value": 0}\n',
    "no such day": '{"at": "2024-02-31T12:00:00Z", "metric": "error_rate", "value": 0}\n',
    "values that can't be right": f'{{"at": {DAY}, "metric": "error_rate", "value": 2}}\n{{"at": {DAY + 5}, "metric": "error_rate", "errors": 3, "requests": 1, "value": 0}}\n',
    "an unknown metric, then quiet": f'{{"at": {DAY}, "metric": "x", "value": 0}}\n{{"at": {DAY + 500}, "metric": "error_rate", "value": null, "reason": "quiet"}}\n',
}


class Talk:
    """What was typed and what came back, as text."""

    def __init__(self, commands: Commands, folder: Path) -> None:
        self._commands = commands
        self.folder = folder
        self.said: list[str] = []

    def type(self, *arguments: str, given: str = "", shown: str = "") -> None:
        done = self._commands.call(*arguments, given=given, env=WIDE, cwd=self.folder)
        out = "".join(f"  | {line}".rstrip() + "\n" for line in _ordered(done.stdout).splitlines())
        err = "".join(f"  ! {line}".rstrip() + "\n" for line in _cut(done.stderr))
        words = " ".join(arguments) + (f"  < {shown}" if shown else "")
        self.said.append(f"$ migration-monitor {words}\n{out}{err}=> {done.returncode}\n")

    def text(self, *further: tuple[str, str]) -> str:
        places = (f"{self.folder}/", ""), (str(self.folder), "."), (socket.gethostname(), "<host>")
        text = settled("\n".join(self.said), *places, *further)
        for form, shown in FORMS:
            text = form.sub(shown, text)
        return text


def _ordered(text: str) -> str:
    """JSON in one order, so that what differs is seen."""
    try:
        value = json.loads(text)
    except ValueError:
        return "".join(line for line in text.splitlines(True) if NOT_EVERYWHERE not in line)
    if isinstance(value, dict) and "findings" in value:
        value["findings"] = [f for f in value["findings"] if NOT_EVERYWHERE not in f["text"]]
    return dumped(value)


def _cut(stderr: str) -> Iterator[str]:
    """Without lines of the log, which stand for themselves."""
    yield from (line for line in stderr.splitlines() if not line.startswith('{"'))


async def help_and_slips() -> str:
    """Help, wrong words, and recordings; nothing of it needs a database."""
    with Commands() as commands, tempfile.TemporaryDirectory(prefix="golden-") as folder:
        talk = Talk(commands, Path(folder))
        talk.type("--help")
        for command in COMMANDS:
            talk.type(command, "--help")
        for slip in SLIPS:
            talk.type(*slip)
        for name, text in RECORDINGS.items():
            talk.type("replay", "-", given=text, shown=name)
            talk.type("replay", "-", "--json", given=text, shown=name)
        for option, said in (
            ("--baseline", "0.8%"),
            ("--baseline", "off"),
            ("--started-at", str(DAY + 120)),
            ("--started-at", str(DAY + 9999)),
        ):
            talk.type("replay", "-", option, said, given=RECORDINGS["a breach"], shown="a breach")
        talk.type("replay", "-", "--json", "--keep-going", given=RECORDINGS["a breach"], shown="a breach")
        (Path(folder) / "bad.yaml").write_text(
            'targets: {shop: {database: {dsn: "mysql://db"}}}\nwatch: {interval: 5}\n'
        )
        talk.type("--config", "bad.yaml", "check")
        talk.type("--config", "bad.yaml", "check", "--json")
        talk.type("init", "new.yaml")
        talk.type("init", "new.yaml")
        return talk.text()


async def with_a_database(server: Server) -> str:
    """A watch from its registration to its end, as the commands tell it; the daemon is not there."""
    name = await servers.new_database(server)
    try:
        dsn = server.dsn(name)
        await rollbacks.build(dsn)
        with Commands() as commands, tempfile.TemporaryDirectory(prefix="golden-") as folder:
            talk = Talk(commands, Path(folder))
            _files(talk.folder, dsn)
            for act in (_registered, _controlled, _looked_at):
                act(talk)
            async with connected(dsn) as c:
                await c.execute("ALTER TABLE contacts DROP COLUMN new_column")
            talk.type("check")
            talk.type("watch", "later", "--rollback", "down.sql")
            return talk.text((dsn, "<dsn>"), (name, "<db>"), (str(server.port), "<port>"))
    finally:
        await servers.drop_database(server, name)


def _files(folder: Path, dsn: str) -> None:
    (folder / "config").mkdir()
    (folder / "config" / "monitor.yaml").write_text(CONFIG % dsn)
    (folder / "away.yaml").write_text(CONFIG % "postgresql://nobody@127.0.0.1:9/nowhere")
    (folder / "down.sql").write_text("ALTER TABLE contacts DROP COLUMN IF EXISTS new_column;\n")
    (folder / "other.sql").write_text("ALTER TABLE contacts RENAME COLUMN email_address TO email;\n")
    (folder / "bad.sql").write_text("DROP INDEX nope;\nVACUUM;\nDO $$ BEGIN END $$;\n")
    (folder / "gone.sql").write_text("DELETE FROM contacts;\n")


def _registered(talk: Talk) -> None:
    talk.type("check")
    talk.type("check", "--json")
    talk.type("--config", "away.yaml", "check")
    talk.type("--config", "away.yaml", "status")
    talk.type("fingerprint", "--out", "before.json")
    talk.type("watch", "0042", "--rollback", "bad.sql")
    talk.type("watch", "0042", "--rollback", "gone.sql")
    talk.type("watch", "0042", "--rollback", "down.sql", "--target", "nowhere")
    talk.type("watch", "0042", "--rollback", "down.sql", "--no-rollback")
    talk.type("watch", "0042", "--rollback", "down.sql", "--before", "down.sql")
    talk.type("watch", "0042", "--rollback", "down.sql", "--data-loss", "none")
    talk.type("watch", "0042", "--rollback", "down.sql", "--started-at", "2999-01-01T00:00:00Z")
    talk.type("watch", "0042", "--rollback", "down.sql")
    talk.type("watch", "0042", "--rollback", "down.sql", "--mode", "approve")
    talk.type("watch", "0042", "--rollback", "other.sql")
    talk.type(
        "watch", "0043", "--rollback", "other.sql", "--mode", "approve", "--before", "before.json", "--json"
    )
    talk.type("watch", "0044", "--no-rollback")
    talk.type("status")
    talk.type("status", "0042", "--json")


def _controlled(talk: Talk) -> None:
    talk.type("check")
    talk.type("wait", "0042", "--timeout", "0s")
    talk.type("pause", "0042", "--reason", "load test")
    talk.type("pause", "0042")
    talk.type("resume", "0042")
    talk.type("resume", "0042")
    talk.type("approve", "0042")
    talk.type("rollback", "0042", "--reason", "wrong")
    talk.type("rollback", "0043")
    talk.type("cancel", "nope")
    talk.type("cancel", "0042", "--reason", "not needed")
    talk.type("cancel", "0042")
    talk.type("wait", "0042")


def _looked_at(talk: Talk) -> None:
    talk.type("status", "0042")
    talk.type("report", "0043", "--out", "report.html")
    talk.type("report", "nope", "--out", "report.html")
    talk.type("restore", "0042")
    talk.type("rehearse", "0042")
    talk.type("rehearse", "0044")
