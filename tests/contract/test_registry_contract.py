"""What a person may rely on in every registry: one watch per registration, and which controls apply."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.errors import ControlRefused, NotFound, PlanRefused
from monitor.ports import (
    Control,
    Record,
    Refusal,
    Rehearsal,
    RehearsalOutcome,
    Via,
    WatchRow,
    is_bad,
    rehearsal_view,
)
from monitor.present.rehearsals import rehearsal_told
from tests.contract.conftest import Stored
from tests.stored import ended, registration, update


async def the_watch(stored: Stored, phase: str = "watching") -> WatchRow:
    """A new watch in that phase."""
    watch, _ = await stored.registry.register(registration())
    await stored.store.record(Record(watches=(update(watch, phase),)))
    return watch


async def ask(stored: Stored, watch: WatchRow, *controls: Control) -> WatchRow:
    for control in controls:
        watch = await stored.registry.control(watch.id, control, by="ana", reason="because")
    return watch


async def test_a_registration_is_a_new_watch(stored: Stored) -> None:
    """With an id, an order, and an event."""
    first, is_new = await stored.registry.register(registration("a"))
    second, _ = await stored.registry.register(registration("b"))
    assert is_new
    assert re.fullmatch(r"w-[0-9a-f]{12}", first.id)
    assert first.seq < second.seq
    (event,) = await stored.registry.events(first.id, 0, 10)
    assert event.kind == "registered"
    assert event.detail["sha256"] == first.plan.sha256


async def test_the_same_registration_while_open_is_the_same_watch(stored: Stored) -> None:
    """Running the command again is harmless."""
    first, _ = await stored.registry.register(registration())
    again, is_new = await stored.registry.register(registration())
    assert (again.id, is_new) == (first.id, False)
    assert len(await stored.registry.watches(10)) == 1


async def test_another_plan_for_an_open_watch_is_refused_with_both_hashes(stored: Stored) -> None:
    """The operator sees which is which, and the way out."""
    first, _ = await stored.registry.register(registration())
    other = registration(sql="SELECT 1")
    with pytest.raises(PlanRefused) as refused:
        await stored.registry.register(other)
    for part in (first.id, first.plan.sha256[:12], other.plan.sha256[:12], f"cancel {first.id}"):
        assert part in str(refused.value)


async def test_a_refused_registration_is_kept_until_it_is_too_old_to_be_asked_for(stored: Stored) -> None:
    """Newest first; whether the migration was registered after it is known."""
    assert list(await stored.registry.refusals(0)) == []
    await stored.registry.register(registration("0041_before"))
    for number, via in enumerate((Via.PIPELINE, Via.TERMINAL)):
        await stored.registry.add_refusal(Refusal("0042_contacts", (f"reason {number}",), "ci@runner", via))
    second, first = await stored.registry.refusals(0)
    assert (first.refusal.reasons, first.refusal.via) == (("reason 0",), Via.PIPELINE)
    assert second.refusal == Refusal("0042_contacts", ("reason 1",), "ci@runner", Via.TERMINAL)
    assert not first.watched_since
    assert not first.open
    assert list(await stored.registry.refusals(second.at + 1)) == []
    await stored.registry.register(registration("0042_contacts"))
    assert [(r.watched_since, r.open) for r in await stored.store.refusals(0)] == [(True, True)] * 2


async def test_a_refusal_wakes_the_daemon(stored: Stored) -> None:
    """So that it is told at once."""
    await stored.registry.register(registration())
    await stored.store.wait_for_news(0)
    waiting = asyncio.create_task(stored.store.wait_for_news(3600))
    await asyncio.sleep(0)
    await stored.registry.add_refusal(Refusal("0042_contacts", ("no",), "ci@runner", Via.API))
    await asyncio.wait_for(waiting, 30)


async def test_after_a_verdict_the_same_migration_is_a_new_watch(stored: Stored) -> None:
    """Its name then means the latest."""
    first, _ = await stored.registry.register(registration())
    await stored.store.record(ended(first, "rolled_back"))
    second, is_new = await stored.registry.register(registration())
    assert is_new
    assert second.id != first.id
    found = await stored.registry.find("0042_contacts")
    assert found is not None
    assert found.id == second.id


async def test_find_knows_ids_and_names_and_nothing_else(stored: Stored) -> None:
    """An unknown name is None."""
    watch, _ = await stored.registry.register(registration())
    assert await stored.registry.find(watch.id) == await stored.registry.find(watch.migration) == watch
    assert await stored.registry.find("nothing") is None


@pytest.mark.parametrize("name", ["", " ", "a\x00b", "a\ud800", "a\nb", "a\x1b[2J", "a" * 201])
async def test_a_name_that_can_not_be_stored_is_refused_and_never_found(stored: Stored, name: str) -> None:
    """It may come from a URL."""
    await stored.registry.register(registration())
    with pytest.raises(PlanRefused, match="name"):
        await stored.registry.register(registration(name))
    assert await stored.registry.find(name) is None


async def test_a_name_like_an_id_is_refused(stored: Stored) -> None:
    """A command with it would mean the watch of that id."""
    watch, _ = await stored.registry.register(registration())
    with pytest.raises(PlanRefused, match="is written as the id of a watch is"):
        await stored.registry.register(registration(watch.id))


async def test_watches_come_newest_first(stored: Stored) -> None:
    """As many as asked for."""
    for name in ("a", "b", "c"):
        await stored.registry.register(registration(name))
    assert [w.migration for w in await stored.registry.watches(2)] == ["c", "b"]


async def test_a_control_leaves_its_name_moment_and_event(stored: Stored) -> None:
    """Who asked for what, and why."""
    watch = await ask(stored, await the_watch(stored), Control.CANCEL)
    assert watch.controls.cancelled_at is not None
    assert (watch.controls.by, watch.controls.reason) == ("ana", "because")
    event = (await stored.registry.events(watch.id, 0, 10))[-1]
    assert (event.kind, event.at) == ("control", watch.controls.cancelled_at)
    assert event.detail == {"control": "cancel", "by": "ana", "reason": "because"}


async def test_pause_resume_pause(stored: Stored) -> None:
    """The later of the two times says which holds."""
    watch = await the_watch(stored)
    assert (await ask(stored, watch, Control.PAUSE)).controls.paused
    assert not (await ask(stored, watch, Control.RESUME)).controls.paused
    assert (await ask(stored, watch, Control.PAUSE)).controls.paused


ALL = tuple(Control)


@pytest.mark.parametrize(
    ("phase", "before", "refused"),
    [
        ("watching", (), (Control.RESUME, Control.APPROVE)),
        ("warming", (), (Control.RESUME, Control.APPROVE)),
        ("awaiting_approval", (), (Control.RESUME,)),
        ("awaiting_approval", (Control.APPROVE,), (Control.RESUME,)),
        ("awaiting_approval", (Control.PAUSE,), (Control.PAUSE, Control.APPROVE, Control.ROLLBACK)),
        ("paused", (Control.PAUSE,), (Control.PAUSE, Control.APPROVE, Control.ROLLBACK)),
        ("watching", (Control.CANCEL,), ALL),
        ("watching", (Control.ROLLBACK,), (Control.RESUME, Control.APPROVE, Control.ROLLBACK)),
        ("watching", (Control.ROLLBACK, Control.PAUSE, Control.RESUME), (Control.RESUME, Control.APPROVE)),
        ("rolling_back", (), ALL),
        ("in_doubt", (), ALL),
    ],
)
async def test_controls_that_do_not_apply_are_refused(
    stored: Stored, phase: str, before: Sequence[Control], refused: Sequence[Control]
) -> None:
    """A refused control changes nothing; all others are taken."""
    watch = await ask(stored, await the_watch(stored, phase), *before)
    stands = await stored.registry.find(watch.id)
    for control in refused:
        with pytest.raises(ControlRefused, match=watch.id):
            await ask(stored, watch, control)
        assert await stored.registry.find(watch.id) == stands
    for control in set(ALL) - set(refused):
        other, _ = await stored.registry.register(registration(f"other-{control.value}"))
        await stored.store.record(Record(watches=(update(other, phase),)))
        await ask(stored, await ask(stored, other, *before), control)


async def test_a_cancelled_watch_is_not_the_open_one_of_its_migration(stored: Stored) -> None:
    """A deploy that cancels and registers again at once is watched, by this plan or another."""
    watch = await ask(stored, await the_watch(stored), Control.CANCEL)
    again, new = await stored.registry.register(registration())
    assert (new, again.id != watch.id) == (True, True)
    same, new = await stored.registry.register(registration())
    assert (new, same.id) == (False, again.id)


async def test_a_superseded_watch_is_neither_approved_nor_rolled_back(stored: Stored) -> None:
    """Refused as a rollback it would end for good; so the person is told at once, and it goes on."""
    watch = await the_watch(stored, "awaiting_approval")
    newer, _ = await stored.registry.register(registration("newer"))
    for control in (Control.APPROVE, Control.ROLLBACK):
        with pytest.raises(ControlRefused, match="newer watch"):
            await ask(stored, watch, control)
    await ask(stored, newer, Control.ROLLBACK)
    await ask(stored, watch, Control.CANCEL)


async def test_an_ended_watch_takes_no_control(stored: Stored) -> None:
    """The refusal names the verdict."""
    watch = await the_watch(stored)
    await stored.store.record(Record(watches=(replace(update(watch, "ended", "succeeded"), view={}),)))
    for control in Control:
        with pytest.raises(ControlRefused, match="succeeded"):
            await ask(stored, watch, control)


async def test_a_control_of_an_unknown_watch_is_not_found(stored: Stored) -> None:
    """It is not a refusal."""
    with pytest.raises(NotFound, match="w-000000000000"):
        await stored.registry.control("w-000000000000", Control.PAUSE, by="ana", reason="")


async def test_a_rehearsal_is_found_by_the_watch_of_the_same_text(stored: Stored) -> None:
    """The latest, whether it came before the watch or while it is open; of another text there is none."""
    plan = registration().plan
    assert await stored.registry.rehearsal(plan.sha256) is None
    bad = Rehearsal(plan.sha256, RehearsalOutcome.FAILED, "line 1 FAILED", {"phases": []}, {"a": {}}, None)
    kept = await stored.registry.add_rehearsal(bad)
    assert kept.at is not None
    assert await stored.registry.rehearsal(plan.sha256) == kept
    watch, _ = await stored.registry.register(registration())
    other, _ = await stored.registry.register(registration("other", sql="DROP TABLE other"))
    assert other.controls.rehearsal is None
    assert is_bad(watch.controls.rehearsal)
    told = rehearsal_told(watch.controls.rehearsal)
    assert told.endswith(" UTC, and rolling back did NOT restore the schema: line 1 FAILED")
    await stored.registry.add_rehearsal(replace(bad, outcome=RehearsalOutcome.REVERSED, said="it came back"))
    open_now = await stored.store.controls()
    view = rehearsal_view(open_now[watch.id].rehearsal)
    assert view is not None
    assert {k: view[k] for k in ("outcome", "said", "holds")} == {
        "outcome": "reversed", "said": "it came back", "holds": True,
    }  # fmt: skip


async def test_whether_a_daemon_looks_after_the_target_is_known_from_its_last_words(stored: Stored) -> None:
    """`watch` waits for a daemon that is there, and for no other."""
    assert await stored.registry.looked_after()
    await stored.store.record(Record())
    assert await stored.registry.looked_after()
