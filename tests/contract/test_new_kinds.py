"""A kind of channel and a kind of hook that nobody knows: one file each and one line in a registry.

Both go all the way: from the configuration, its schema and its problems to what arrives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.app import check
from monitor.app.hooks import configured_hooks
from monitor.app.outlets import channels_of
from monitor.channels import CHANNELS
from monitor.channels.outbox import rows_for
from monitor.errors import ConfigError, Problem
from monitor.hooks import HOOKS
from monitor.net import Net
from monitor.options import Secret, Section
from monitor.ports import OutcomeKind
from monitor.ports.hooks import Call, Moment
from monitor.rollback.executor import Limits, RollbackExecutor
from monitor.settings import Settings, load, reference, settings_with
from monitor.settings.hooks import AfterHook, BeforeHook, Hook
from monitor.settings.mending import stand_in
from tests.alerts import FIRING, MemoryOutbox, receiver, until
from tests.conftest import Database
from tests.contract.test_outbox_sender import running
from tests.lantern import LANTERN
from tests.pigeon import PigeonChannel
from tests.rollbacks import DROP_COLUMN, FAST, Heard, build, columns, registered, rolled_back

MODEL = settings_with({**CHANNELS, "pigeon": PigeonChannel}, {**HOOKS, "lantern": LANTERN})

CANARY = "canary-7e11"
TARGET = """targets:
  shop:
    database: {dsn: "postgresql://127.0.0.1:9/shop"}
    metrics:
      error_rate: {json: {url: "http://127.0.0.1:9/", errors: errors, requests: requests}}
    thresholds: {response_time: null}
"""
HOOKED = """    before_rollback: [{lantern: {tower: "TOWER", oil: "${OIL}"}, timeout: 5s}]
    after_rollback: [{lantern: {tower: "TOWER", oil: "${OIL}"}}]
"""
ALERTS = """alerts:
  - pigeon: {loft: "LOFT", ring: "${RING}", remind_every: 5m}
  - pigeon: {loft: "LOFT", ring: other}
"""


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    found = Net()
    yield found
    await found.aclose()


def settings(folder: Path, text: str, env: Mapping[str, str] | None = None) -> Settings:
    path = folder / "monitor.yaml"
    path.write_text(text)
    return load(path, {"RING": CANARY, "OIL": CANARY, **(env or {})}, model=MODEL)


def problems(folder: Path, text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        settings(folder, text)
    assert CANARY not in str(caught.value)
    return list(caught.value.problems)


def test_the_schema_and_the_table_of_keys_have_them() -> None:
    """In their own words, after those that were there; what is registered nowhere is in neither."""
    defined = reference.schema(MODEL)["$defs"]
    assert list(defined["Alert"]["properties"]) == [*CHANNELS, "pigeon"]
    assert list(defined["BeforeHook"]["properties"]) == [*HOOKS, "lantern", "timeout", "on_failure"]
    assert defined["PigeonChannel"]["description"] == "A carrier pigeon."
    assert defined["PigeonChannel"]["required"] == ["loft", "ring"]
    keys = {key.path: (key.type, key.default, key.meaning) for key in reference.all_keys(MODEL)}
    assert keys["alerts[].pigeon.remind_every"] == keys["alerts[].log.remind_every"]
    assert keys["alerts[].pigeon.ring"] == ("secret", "", "on its leg: the loft lets no other in")
    assert keys["targets.<name>.after_rollback[].lantern.tower"] == ("address", "", "where it hangs")
    assert {"PigeonChannel", "LanternKeys"}.isdisjoint(reference.schema()["$defs"])


def test_the_table_of_keys_differs_by_theirs_alone() -> None:
    """Every other key keeps its place, its type, its default and its meaning."""
    ours = ("alerts[].pigeon.", "before_rollback[].lantern.", "after_rollback[].lantern.")
    others = [key for key in reference.all_keys(MODEL) if not any(own in key.path for own in ours)]
    assert others == list(reference.all_keys())


@pytest.mark.parametrize(
    ("added", "where", "says"),
    [
        (
            "alerts: [{pigeon: {loft: 'http://l', ring: r, rin: s}}]",
            "alerts[0].pigeon.rin",
            "unknown key; known here: remind_every, loft, ring, mate, nest; did you mean `ring`?",
        ),
        (
            "alerts: [{log: {}, pigeom: {}}]",
            "alerts[0].pigeom",
            "unknown key; known here: slack, pagerduty, webhook, log, pigeon; did you mean `pigeon`?",
        ),
        ("alerts: [{pigeon: {loft: 'http://l'}}]", "alerts[0].pigeon.ring", "is missing: add it"),
        ("alerts: [{pigeon: {ring: r, loft: x}}]", "alerts[0].pigeon.loft", "is not an address"),
        (
            "alerts: [{pigeon: {loft: 'http://l', ring: '${GONE}'}}]",
            "alerts[0].pigeon.ring",
            "GONE is not set",
        ),
        (
            "alerts: [{pigeon: {loft: 'http://l', ring: r, nest: n}}]",
            "alerts[0].pigeon.nest",
            "is for two: name its `mate`",
        ),
        (
            "alerts: [{}]",
            "alerts[0]",
            "needs exactly one of slack, pagerduty, webhook, log, pigeon, with its keys",
        ),
        (
            "    before_rollback: [{timeout: 5s}]",
            "targets.shop.before_rollback[0]",
            "needs exactly one of webhook, command and lantern",
        ),
        (
            "    after_rollback: [{lanter: {}, command: [x]}]",
            "targets.shop.after_rollback[0].lanter",
            "unknown key; known here: webhook, command, lantern, timeout; did you mean `lantern`?",
        ),
        (
            "    after_rollback: [{lantern: {tower: 'http://t', oil: o, wick: w}}]",
            "targets.shop.after_rollback[0].lantern.wick",
            "unknown key; known here: tower, oil",
        ),
    ],
)
def test_a_mistake_in_them_is_told_as_in_any_other(tmp_path: Path, added: str, where: str, says: str) -> None:
    """One problem, at its place, on its line, with what would be right."""
    (problem,) = problems(tmp_path, TARGET + added)
    assert (problem.where, problem.line) == (where, 7)
    assert says in problem.what


def test_a_key_that_they_lack_hides_no_problem_of_others(tmp_path: Path) -> None:
    """What stands in for it meanwhile is found by its kind."""
    text = (
        TARGET + "    before_rollback: [{lantern: {}}]\nwatch: {warm_up: 48h}\nalerts: [{pigeon: {}}, {}]\n"
    )
    where = [problem.where for problem in problems(tmp_path, text)]
    lantern = "targets.shop.before_rollback[0].lantern"
    pigeon = "alerts[0].pigeon"
    assert sorted(where) == sorted(
        [
            f"{lantern}.tower",
            f"{lantern}.oil",
            "watch.success_after",
            f"{pigeon}.loft",
            f"{pigeon}.ring",
            "alerts[1]",
        ]
    )


class Leg(Section):
    """A section in a section, as a kind may have one."""

    ring: Secret


class Crane(PigeonChannel):
    """A bird with a leg that must be described."""

    leg: Leg


def test_a_section_that_they_lack_is_asked_for_key_by_key() -> None:
    """It stands in empty, and what must be in it is found in turn."""
    model = settings_with({"crane": Crane})
    leg = ("alerts", 0, "crane", "leg")
    assert (stand_in(model, leg), stand_in(model, (*leg, "ring"))) == ({}, "-")
    assert stand_in(model, ("alerts", 0, "crane", "mate")) is None


@pytest.mark.parametrize("hook", [BeforeHook, AfterHook])
def test_no_kind_of_hook_has_the_name_of_a_key_that_every_hook_has(hook: type[Hook]) -> None:
    """It would be hidden by it."""
    assert HOOKS.keys().isdisjoint(hook.model_fields)


async def test_an_alert_reaches_it_through_the_outbox(tmp_path: Path, net: Net) -> None:
    """Opened from the configuration with its secret, numbered from the second on, each its own message."""
    async with receiver() as loft:
        found = settings(tmp_path, TARGET + ALERTS.replace("LOFT", loft.url("/loft")))
        assert CANARY not in repr(found)
        channels = channels_of(found, net)
        assert [channel.name for channel in channels] == ["pigeon", "pigeon-2"]
        rows = rows_for(FIRING, channels)
        outbox = MemoryOutbox(rows)
        async with running(channels, outbox):
            await until(lambda: not outbox.open)
    assert sorted(outbox.delivered) == sorted(row.key for row in rows)
    assert sorted(got.headers["ring"] for got in loft.got) == [CANARY, "other"]
    assert all(FIRING.title.encode() in got.body for got in loft.got)


async def test_check_names_what_is_wrong_with_a_hook_of_that_kind(tmp_path: Path) -> None:
    """At its target, by its place; its secret is not told."""
    hooked = TARGET + HOOKED.replace("TOWER", "http://127.0.0.1:9/")
    found = await check(settings(tmp_path, hooked, {"OIL": "water"}))
    told = [(f.where, f.text) for f in found if f.problem and "lantern" in f.text]
    says = "its oil is water: fill in another"
    assert told == [
        ("targets.shop", f"before_rollback[0].lantern: {says}"),
        ("targets.shop", f"after_rollback[0].lantern: {says}"),
    ]


@pytest.mark.corner
async def test_a_hook_of_that_kind_is_pulled_around_a_rollback(
    database: Database, tmp_path: Path, net: Net
) -> None:
    """Before any statement by the executor; afterwards as the daemon asks the same port."""
    await build(database.dsn)
    watch = await registered(database.dsn, DROP_COLUMN)
    async with receiver() as tower:
        hooks = configured_hooks(
            settings(tmp_path, TARGET + HOOKED.replace("TOWER", tower.url("/light"))), "shop", net
        )
        limits = Limits(locks=FAST, allow_superuser="postgres")
        executor = RollbackExecutor(database.dsn, "shop", limits, hooks=hooks)
        outcome = await rolled_back(executor, watch, Heard())
        await executor.aclose()
        call = Call(Moment.AFTER, watch.id, "shop", watch.migration, "r", "r/1", "rolled_back")
        after = await hooks.run(call)
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert "new_column" not in await columns(database.dsn)
    assert [(got.body, got.headers["oil"]) for got in tower.got] == [(b"before", CANARY), (b"after", CANARY)]
    assert [str(one) for one in after] == ["after_rollback[0].lantern succeeded"]


async def test_a_hook_of_that_kind_that_fails_stops_the_rollback_as_any_other(
    tmp_path: Path, net: Net
) -> None:
    """`on_failure` and the deadline are those of every hook."""
    text = TARGET + HOOKED.replace("TOWER", "http://127.0.0.1:9/")
    (told,) = await configured_hooks(settings(tmp_path, text), "shop", net).run(BEFORE)
    assert (told.name, told.ok, told.stops) == ("before_rollback[0].lantern", False, True)
    (after,) = await configured_hooks(settings(tmp_path, text), "shop", net).run(
        replace(BEFORE, moment=Moment.AFTER)
    )
    assert (after.ok, after.stops) == (False, False)


BEFORE = Call(Moment.BEFORE, "w-1", "shop", "0042", "error_rate.rollback", "error_rate.rollback/17")
