"""The command as people and deploys call it: a process, its output, its exit code."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from monitor.settings import load
from monitor.sources.presets import PRESETS
from monitor.sources.prometheus import PrometheusSource
from monitor.store.gateway import PgStore
from tests.commands import Commands, Done
from tests.conftest import Database
from tests.roles import make_roles

pytestmark = pytest.mark.corner

CANARY = "canary-77d0"
PATIENCE = 60.0
"""Seconds; far above what any command here takes."""

DAY = 1_700_000_000
COMMANDS = (
    "demo", "init", "check", "watch", "run", "status", "wait", "pause", "resume", "cancel", "approve",
    "rollback", "rehearse", "fingerprint", "restore", "replay",
)  # fmt: skip


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    """Forks a process for each call."""
    with Commands() as found:
        yield found


Call = Callable[..., Done]


@pytest.fixture
def called(commands: Commands) -> Call:
    """Runs the command to its end; never with a traceback."""

    def call(*arguments: str | Path, **options: Any) -> Done:
        done = commands.call(*arguments, **options)
        assert "Traceback" not in done.stderr
        assert CANARY not in done.stdout + done.stderr
        return done

    return call


def breach(minutes: int, rate: float = 0.05, begun: int = DAY) -> str:
    """A recording of that error rate at one sample every 5 s, exact counts."""
    lines = (
        {"at": begun + at, "metric": "error_rate", "value": rate, "errors": 1000 * rate, "requests": 1000}
        for at in range(0, minutes * 60 + 1, 5)
    )
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_script_and_the_module_are_the_same(called: Call) -> None:
    """`migration-monitor` is `python -m monitor`."""
    script = Path(sys.executable).with_name("migration-monitor")
    by_script = subprocess.run(
        [script, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert by_script.stdout == called("--version").stdout


def test_help_names_every_command(called: Call) -> None:
    """The listing is the table itself."""
    text = called("--help").stdout
    assert all(f"\n  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(called: Call, command: str) -> None:
    """Also of those that need a configuration."""
    done = called(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"migration-monitor {command}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], ""),
        (["relpay"], "No such command 'relpay'"),
        (["status", "--nope"], "No such option"),
        (["watch"], "Missing argument 'MIGRATION'"),
        (["--config"], "requires an argument"),
        (["--config=", "status"], "--config is empty"),
        (["--config", "", "replay", "-"], "--config is empty"),
        (["--config", "/dev/zero", "check"], "/dev/zero: is over 1 MiB"),
        (["replay"], "the following arguments are required: FILE"),
        (["status", "--json", "--follow"], "--follow needs a terminal"),
        (["wait", "m", "--timeout", "5"], "--timeout `5` is not a duration"),
        (["watch", "m", "--mode", "fast"], "--mode `fast` is not known: it is auto, approve or observe"),
        (["watch", "m", "--rollback", "/no/such"], "the rollback /no/such can't be read: No such file"),
        (["replay", "/no/such"], "the recording /no/such can't be read: No such file"),
        (["--config", "/no/such.yaml", "status"], "/no/such.yaml: no such file: write one with"),
        (["--config", "/no/such.yaml", "replay", "-"], "/no/such.yaml: no such file"),
    ],
)
def test_a_slip_is_told_on_stderr_with_exit_code_2(called: Call, arguments: list[str], says: str) -> None:
    """Nothing is on stdout that a script could take for an answer."""
    done = called(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert arguments == [] or done.stdout == ""


def test_a_configuration_is_refused_with_all_its_lines(called: Call, tmp_path: Path) -> None:
    """One line for each problem, without a value from outside the file."""
    config = tmp_path / "monitor.yaml"
    config.write_text('targets: {shop: {database: {dsn: "${DSN}"}}}\nwatch: {interval: 5}\n')
    done = called("--config", config, "status", env={"DSN": f"mysql://{CANARY}"})
    assert done.returncode == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["line 1"] * 3 + ["line 2"]
    as_json = called("--config", config, "check", "--json", env={"DSN": f"mysql://{CANARY}"})
    answer = json.loads(as_json.stdout)
    assert (as_json.returncode, answer["ok"], len(answer["findings"])) == (2, False, 4)


def test_the_configuration_is_found_by_environment_and_by_default(called: Call, tmp_path: Path) -> None:
    """--config before the variable before config/monitor.yaml."""
    assert "config/monitor.yaml: no such file" in called("status", cwd=tmp_path).stderr
    by_variable = {"MIGRATION_MONITOR_CONFIG": "/a.yaml"}
    assert "/a.yaml: no such file" in called("status", env=by_variable).stderr
    assert "/b.yaml: no such file" in called("--config=/b.yaml", "status", env=by_variable).stderr


def test_init_writes_a_configuration_once(called: Call, tmp_path: Path) -> None:
    """Never over what is there; what is written needs only its variables."""
    path = tmp_path / "new" / "monitor.yaml"
    assert called("init", path).returncode == 0
    as_shipped = Path("config/monitor.yaml").read_text()
    assert path.read_text() == as_shipped.replace("$schema=schema.json", "$schema=monitor.schema.json")
    assert path.with_suffix(".schema.json").read_text() == Path("config/schema.json").read_text()
    again = called("init", path)
    assert (again.returncode, again.stdout) == (2, "")
    assert "exists already" in again.stderr
    problems = called("--config", path, "status").stderr.splitlines()
    assert all("environment variable SHOP_" in line for line in problems)
    assert called("init", cwd=tmp_path).returncode == 0
    assert (tmp_path / "config/monitor.yaml").exists()
    assert "can't be written" in called("init", "/dev/null/x").stderr


def test_init_writes_a_configuration_that_fits_a_library(called: Call, tmp_path: Path) -> None:
    """Both metrics of the application by its series; what is no preset is told which there are."""
    for preset in ("auto", *PRESETS):
        path = tmp_path / f"{preset}.yaml"
        assert called("init", path, "--preset", preset).returncode == 0
        env = {"SHOP_DSN": "postgresql://db/shop", "SHOP_OWNER_DSN": "postgresql://db/shop"}
        metrics = load(path, env).targets["shop"].metrics
        errors = metrics["error_rate"].keys
        assert isinstance(errors, PrometheusSource)
        assert errors.preset == preset
        assert metrics["response_time"].keys.measures == "time"
    wrong = called("init", tmp_path / "x.yaml", "--preset", "fastap")
    assert (wrong.returncode, "write one of auto, " in wrong.stderr) == (2, True)
    assert not (tmp_path / "x.yaml").exists()


def test_replay_tells_each_event_and_the_verdict_as_json_lines(called: Call) -> None:
    """Five minutes of 5 % are a rollback, at the sample that reaches the hold."""
    done = called("replay", "-", "--json", given=breach(6))
    assert (done.returncode, done.stderr) == (0, "")
    found = objects(done.stdout)
    pending, firing = (
        next(e for e in found if e.get("event") == kind and e["rule"] == "error_rate.rollback")
        for kind in ("pending", "firing")
    )
    assert (pending["at"], pending["since"], pending["evidence"]) == (DAY, DAY, 1.8)
    assert (firing["at"], firing["since"], firing["evidence"]) == (DAY + 300, DAY, 9)
    assert found[-1] == {"verdict": "rollback", "at": DAY + 300}


def test_replay_takes_the_ratio_from_counts_and_needs_no_value(called: Call) -> None:
    """What a source counted is enough; a line that says why it has no value stays one that failed."""
    lines = [{k: v for k, v in line.items() if k != "value"} for line in objects(breach(6))]
    told = called("replay", "-", "--json", given="".join(f"{json.dumps(line)}\n" for line in lines))
    assert (told.stdout, told.stderr) == (called("replay", "-", "--json", given=breach(6)).stdout, "")
    failed = [{**line, "value": None, "reason": "timeout"} for line in lines]
    done = called("replay", "-", "--json", given="".join(f"{json.dumps(line)}\n" for line in failed))
    assert [e.get("event") for e in objects(done.stdout)] == ["blind", "blind", "blind", "blind", None]


def test_replay_goes_on_when_asked(called: Call) -> None:
    """A rollback is counted, and the recording is read to its end."""
    done = called("replay", "-", "--json", "--keep-going", given=breach(6))
    assert objects(done.stdout)[-1] == {"verdict": "watching", "at": DAY + 360, "rollbacks": 1}


def test_replay_starts_when_told(called: Call) -> None:
    """Lines before that moment are ignored."""
    done = called("replay", "-", "--json", "--started-at", str(DAY + 120), given=breach(6))
    assert objects(done.stdout)[-1] == {"verdict": "watching", "at": DAY + 360}
    assert called("replay", "-", "--started-at", "noon", given=breach(1)).returncode == 2


def test_replay_tells_people_in_sentences(called: Call) -> None:
    """Times in UTC, the verdict last."""
    lines = called("replay", "-", given=breach(6)).stdout.splitlines()
    assert lines[-1] == "2023-11-14 22:18:20 UTC  verdict: rollback"
    text = " ".join(lines)
    assert "error_rate.rollback pending since 2023-11-14 22:13:20 UTC (evidence 1.8 of 9)" in text
    assert "error_rate.rollback firing since 2023-11-14 22:13:20 UTC (evidence 9 of 9)" in text


def test_replay_takes_a_baseline_from_another_recording(called: Call, tmp_path: Path) -> None:
    """Measured from its end, whenever that was; what is not a ratio and no recording is told."""
    usual = tmp_path / "yesterday.jsonl"
    usual.write_text(breach(120, rate=0.03, begun=DAY - 90_000))
    assert objects(called("replay", "-", "--json", given=breach(6)).stdout)[-1]["verdict"] == "rollback"
    done = called("replay", "-", "--json", "--baseline", usual, given=breach(6, rate=0.04))
    assert objects(done.stdout)[-1]["verdict"] == "watching"
    assert re.search(r"note: error_rate was 3 % before the start: it acts above 4\.\d+ %", done.stderr)
    short = called("replay", "-", "--baseline", "-", given=breach(6))
    assert (short.returncode, "is the recording itself" in short.stderr) == (2, True)
    few = tmp_path / "few.jsonl"
    few.write_text(breach(6))
    assert (
        "300 requests in 30 minutes are needed"
        in called("replay", "-", "--baseline", few, given=breach(1)).stderr
    )
    few.write_text(f"{breach(1)}[]\n")
    for given, says in ((few, "few.jsonl: line 14: is not an object"), ("0,8%", "'0,8%' is not a ratio as")):
        wrong = called("replay", "-", "--baseline", given, given=breach(6))
        assert (wrong.returncode, wrong.stdout, says in wrong.stderr) == (2, "", True)


def test_replay_takes_the_policy_of_a_configuration_of_two_sections(called: Call, tmp_path: Path) -> None:
    """Only `thresholds` and `watch`; without --config the documented policy, whatever lies in the folder."""
    config = tmp_path / "config" / "monitor.yaml"
    config.parent.mkdir()
    config.write_text("thresholds: {error_rate: {rollback_for: 1m}}\n")
    named = called("--config", config, "replay", "-", "--json", given=breach(6))
    ended = objects(named.stdout)[-1]
    assert ended == {"verdict": "rollback", "at": DAY + 65}, "the fifth block of 12 s, read every 5 s"
    by_variable = called(
        "replay", "-", "--json", given=breach(6), env={"MIGRATION_MONITOR_CONFIG": str(config)}
    )
    assert by_variable.stdout == named.stdout
    unnamed = called("replay", "-", "--json", given=breach(6), cwd=tmp_path)
    assert objects(unnamed.stdout)[-1] == {"verdict": "rollback", "at": DAY + 300}


def test_replay_says_what_it_could_not_use(called: Call) -> None:
    """On stderr, at the end: a slip in a recording must not look like a calm night."""
    lines = [
        {"at": DAY, "metric": "errorrate", "value": 0.5},
        {"at": DAY + 5, "metric": "error_rate", "value": 1.2},
        {"at": DAY + 5, "metric": "error_rate", "value": "abc"},
        {"at": DAY + 9, "metric": "response_time", "value": 900, "errors": 0, "requests": 10},
        {"at": DAY + 8, "metric": "connections", "value": 1},
        {"at": DAY + 10, "metric": "error_rate", "value": None, "reason": "timeout"},
        {"at": DAY + 11, "metric": "error_rate", "value": 0.5, "errors": 20, "requests": 10},
    ]
    done = called("replay", "-", "--json", given="".join(f"{json.dumps(line)}\n" for line in lines))
    assert (done.returncode, objects(done.stdout)[-1]) == (0, {"verdict": "watching", "at": DAY + 11})
    strange, unusable, uncountable, late, counted = done.stderr.splitlines()
    assert strange.startswith(
        "note: 1 of 7 lines of metrics without a threshold: errorrate; known are connections,"
    )
    assert unusable.startswith(
        "note: 2 of 7 lines with a value that can't be right: error_rate (an error rate of 1.2"
    )
    assert "error_rate (unusable value)" in unusable
    assert uncountable.startswith(
        "note: 1 of 7 lines with counts that can't be right, so without any: error_rate;"
    )
    assert late == "note: 1 of 7 lines are earlier than one before them: sort them"
    assert counted.startswith("note: 1 of 7 lines with counts that belong to ratios: response_time;")


def test_replay_says_when_it_was_told_to_begin_behind_the_end(called: Call) -> None:
    """No line was looked at, and `watching` alone would sound as if some had been."""
    done = called("replay", "-", "--started-at", str(DAY + 3600), given=breach(6))
    assert (done.returncode, done.stderr) == (
        0,
        "note: the recording ends before --started-at: none of its lines was read\n",
    )


@pytest.mark.parametrize(
    ("text", "line"), [("", 1), ("[]\n", 1), (breach(1) + "{}\n", 14), (breach(1) + "x" * (1 << 21), 14)]
)
def test_replay_refuses_a_bad_line_with_its_number(called: Call, text: str, line: int) -> None:
    """Exit code 2, whatever was printed before."""
    done = called("replay", "-", "--json", given=text)
    assert done.returncode == 2
    assert f"error: line {line}: " in done.stderr


def test_a_reader_that_goes_away_is_no_error_message() -> None:
    """`replay … | head`."""
    command = f"{sys.executable} -m monitor replay - --json --keep-going | head -1"
    flapping = "".join(
        f'{{"at": {DAY + i * 60}, "metric": "connections", "value": {99 * (i % 2)}}}\n' for i in range(1400)
    )
    done = subprocess.run(
        ["sh", "-c", command], input=flapping, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["replay - --json", "--help"])
def test_output_that_can_not_be_written_is_told_once(command: str) -> None:
    """A full disk: in a sentence, not as an unexpected error, and not again when the program ends."""
    shell = f"{sys.executable} -m monitor {command} >/dev/full"
    done = subprocess.run(
        ["sh", "-c", shell], input=breach(6), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stderr) == (
        1,
        "error: the output could not be written (No space left on device); what was done stays done: "
        "run it again when there is space, or redirect its output\n",
    )


def test_without_streams_a_command_does_what_it_does_and_says_nothing() -> None:
    """`>&- 2>&-`: the exit code is still the verdict's."""
    shell = f"{sys.executable} -m monitor replay /no/such >&- 2>&-"
    assert subprocess.run(["sh", "-c", shell], timeout=PATIENCE, check=False).returncode == 2


def test_replay_imports_neither_network_nor_models() -> None:
    """What a quick start can't pay for stays out."""
    code = (
        "import sys; from monitor.cli import main; main(['replay', '-', '--json']);"
        "print([m for m in ('asyncio','asyncpg','httpx','starlette','apscheduler','rich','pydantic','typer')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=breach(1),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def config_for(database: Database, folder: Path) -> Path:
    """A configuration of one target whose endpoint nobody answers at."""
    path = folder / "monitor.yaml"
    path.write_text(
        f"""targets:
  shop:
    database: {{dsn: "{database.dsn}", allow_superuser: postgres}}
    metrics:
      error_rate: {{json: {{url: "http://127.0.0.1:9/{CANARY}", errors: errors, requests: requests}}}}
      response_time: {{json: {{url: "http://127.0.0.1:9/{CANARY}", value: time, unit: ms}}}}
alerts: [log: {{}}]
"""
    )
    return path


async def test_the_life_of_a_watch_by_command(called: Call, database: Database, tmp_path: Path) -> None:
    """Registered, shown, found again, refused another plan, paused, waited for, controlled too late."""
    admin = await asyncpg.connect(database.dsn)
    await admin.execute("CREATE TABLE contacts (id integer PRIMARY KEY, email_address text)")
    config, plan = config_for(database, tmp_path), tmp_path / "down.sql"
    plan.write_text("ALTER TABLE contacts RENAME COLUMN email_address TO email;")

    def ask(*arguments: str | Path) -> Done:
        return called("--config", config, *arguments)

    async def asked(*arguments: str | Path) -> Done:
        return await asyncio.to_thread(ask, *arguments)

    registered = await asked("watch", "0042", "--rollback", plan, "--json")
    assert registered.returncode == 0, registered.stderr
    watch = json.loads(registered.stdout)
    assert (watch["migration"], watch["target"], watch["new"]) == ("0042", "shop", True)
    assert watch["plan"][0]["class"] == "lossless"

    again = await asked("watch", "0042", "--rollback", plan)
    assert again.returncode == 0
    assert f"watched already: 0042 on shop · {watch['id']}" in again.stdout
    assert "the options it was registered with" not in again.stdout
    other = await asked("watch", "0042", "--rollback", plan, "--mode", "observe", "--allow-opaque")
    assert "not this --mode, --allow-opaque: cancel it and register it again" in other.stdout
    assert "1. [lossless] ALTER TABLE contacts RENAME COLUMN email_address TO email" in again.stdout

    plan.write_text("ALTER TABLE contacts DROP COLUMN IF EXISTS email_address")
    other = await asked("watch", "0042", "--rollback", plan)
    assert (other.returncode, other.stdout) == (2, "")
    plan.write_text("COMMIT")
    refused = await asked("watch", "0043", "--rollback", plan)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "line 1" in refused.stderr
    plan.write_text("ALTER TABLE contacts RENAME COLUMN email_address TO email;")
    over = await asked("watch", "0043", "--rollback", plan, "--started-at", "2020-01-01T00:00:00Z")
    assert (over.returncode, over.stdout) == (2, "")
    assert over.stderr.startswith("error: started_at is ")
    assert " ago, and a watch ends 72h after that at the latest (watch.give_up_after)" in over.stderr
    by_id = await asked("watch", watch["id"], "--rollback", plan)
    assert (by_id.returncode, by_id.stdout) == (2, "")
    assert "is written as the id of a watch is" in by_id.stderr
    gone = await asked("watch", "0044", "--rollback", tmp_path / "no_such_file.sql")
    assert (gone.returncode, gone.stdout) == (2, "")

    kept = json.loads((await asked("status", "--json")).stdout)["refused"]
    assert [(r["migration"], r["watched"], r["via"]) for r in kept] == [
        ("0044", False, "pipeline"),
        (watch["id"], False, "pipeline"),
        ("0043", False, "pipeline"),
        ("0043", False, "pipeline"),
        ("0042", True, "pipeline"),
    ]
    assert "no_such_file.sql can't be read" in kept[0]["reasons"][0]
    told = (await asked("status")).stdout
    assert "REFUSED, not monitored: 0044 on shop, " in told
    assert "registration REFUSED: 0042 on shop, " in told
    only = await asked("status", "0043")
    assert (only.returncode, only.stdout) == (2, "")
    assert "no watch of '0043': its registration was refused (started_at is " in only.stderr

    assert json.loads((await asked("status", "0042", "--json")).stdout)["id"] == watch["id"]
    assert [w["id"] for w in json.loads((await asked("status", "--json")).stdout)["watches"]] == [watch["id"]]
    assert "0042 on shop" in (await asked("status")).stdout
    for unknown in ("status", "pause", "wait"):
        done = await asked(unknown, "nope")
        assert done.returncode == 2
        assert "no watch of 'nope'" in done.stderr

    paused = await asked("pause", "0042", "--reason", "looking", "--json")
    assert (paused.returncode, json.loads(paused.stdout)["id"]) == (0, watch["id"])
    assert await admin.fetchval("SELECT control_reason FROM migration_monitor.watch") == "looking"
    waited = await asked("wait", watch["id"], "--timeout", "100ms")
    assert waited.returncode == 14
    assert (await asked("resume", "0042")).returncode == 0

    await admin.execute("UPDATE migration_monitor.watch SET verdict = 'rolled_back', phase = 'ended'")
    ended = await asked("wait", "0042", "--json")
    assert (ended.returncode, json.loads(ended.stdout)["verdict"]) == (10, "rolled_back")
    followed = await asked("status", "0042", "--follow")
    assert followed.returncode == 0
    assert "rolled_back" in followed.stdout
    late = await asked("cancel", "0042")
    assert (late.returncode, late.stdout) == (2, "")
    await admin.close()


async def test_check_tells_every_problem_in_one_run(called: Call, database: Database, tmp_path: Path) -> None:
    """Endpoints by their place in the configuration, not by their address."""
    done = await asyncio.to_thread(called, "--config", config_for(database, tmp_path), "check", "--json")
    answer = json.loads(done.stdout)
    problems = {found["where"] for found in answer["findings"] if found["problem"]}
    assert (done.returncode, answer["ok"]) == (2, False)
    assert {"targets.shop.metrics.error_rate", "targets.shop.metrics.response_time"} <= problems


async def test_check_names_every_right_that_the_rollback_role_lacks(
    called: Call, database: Database, tmp_path: Path
) -> None:
    """Each with its GRANT; the first missing one hides no other."""
    roles = await make_roles(database.dsn)
    held = PgStore("shop", roles.rollback)
    await held.open()
    await held.aclose()
    config = tmp_path / "monitor.yaml"
    config.write_text(
        f"""targets:
  shop:
    database: {{dsn: "{roles.polling}", rollback_dsn: "{roles.stranger}"}}
    metrics: {{error_rate: {{sql: {{query: SELECT 0, unit: ratio, without_counts: true}}}}}}
    thresholds: {{response_time: null}}
"""
    )
    done = await asyncio.to_thread(called, "--config", config, "check", "--json")
    found = [f for f in json.loads(done.stdout)["findings"] if f["where"].endswith("rollback_dsn")]
    lacks = (
        "may not use the ledger: GRANT USAGE, CREATE ON SCHEMA", "may not write the ledger: GRANT SELECT",
        "owns no table here", "can't see who is in a rollback's way",
    )  # fmt: skip
    assert [sum(lack in f["text"] for f in found) for lack in lacks] == [1] * len(lacks), found
    assert [f["problem"] for f in found if "in a rollback's way" in f["text"]] == [False]


async def test_check_asks_nothing_of_a_watch_that_was_cancelled_while_no_daemon_ran(
    called: Call, database: Database, tmp_path: Path
) -> None:
    """Its verdict comes with the daemon; nothing can roll it back any more, so nothing can be in its way."""
    config = config_for(database, tmp_path)

    async def asked(*arguments: str) -> Done:
        return await asyncio.to_thread(called, "--config", config, *arguments)

    async def found() -> list[str]:
        answer = json.loads((await asked("check", "--json")).stdout)
        return [f["text"] for f in answer["findings"] if f["text"].startswith("watch 0042: ")]

    registered = await asked("watch", "0042", "--no-rollback")
    assert registered.returncode == 0, registered.stderr
    before = await found()
    assert "there is no rollback: the watch only alerts, and manual action is needed" in before[0]
    assert (await asked("cancel", "0042")).returncode == 0
    assert await found() == []


def test_a_database_that_is_away_is_told_in_a_sentence(called: Call, tmp_path: Path) -> None:
    """Exit code 1: the input is not at fault. No password is told."""
    config = tmp_path / "monitor.yaml"
    config.write_text(
        f"""targets:
  shop:
    database: {{dsn: "postgresql://u:{CANARY}@127.0.0.1:9/x"}}
    metrics: {{error_rate: {{sql: {{query: SELECT 0, unit: ratio, without_counts: true}}}}}}
    thresholds: {{response_time: null}}
"""
    )
    done = called("--config", config, "status")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
