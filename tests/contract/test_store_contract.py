"""What the daemon may rely on in every store: rounds, controls as read, news, the outbox, retention."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from monitor.clock import utc_now
from monitor.core.samples import HOUR, SECOND
from monitor.ports import Control, EventRow, Record, Rehearsal, RehearsalOutcome
from tests.contract.conftest import Stored
from tests.stored import T0, alert, as_stored, ended, registration, sample, update

PATIENCE = 20.0
"""Seconds after which a test says that nothing will come any more."""


async def test_an_empty_store_has_no_watches_and_no_memory(stored: Stored) -> None:
    """The first start finds nothing."""
    assert await stored.store.load() == ([], {})
    assert stored.store.holds


async def test_what_was_registered_is_loaded_exactly(stored: Stored) -> None:
    """Times keep their microseconds, the plan its bytes, jsonb its values."""
    watch, _ = await stored.registry.register(registration(sql="SELECT 'ünï\\code';\r\n"))
    (loaded,), _ = await stored.store.load()
    assert loaded == watch
    assert (loaded.started_at, loaded.plan) == (T0, registration(sql="SELECT 'ünï\\code';\r\n").plan)
    assert loaded.state is None


async def test_the_state_comes_back_as_it_was_recorded(stored: Stored) -> None:
    """Integers of microseconds, fractions and nothing survive jsonb."""
    watch, _ = await stored.registry.register(registration())
    state = {"at": T0, "rate": 0.1, "tiny": 5e-324, "none": None, "list": [True, "ü"], "big": 2**53 + 1}
    view = {"id": watch.id, "phase": "warming"}
    await stored.store.record(
        Record(watches=(replace(update(watch, "warming"), state=state, view=view),), memory={"pos": [1, 2.5]})
    )
    (loaded,), memory = await stored.store.load()
    assert (loaded.state, loaded.view, loaded.phase, memory) == (state, view, "warming", {"pos": [1, 2.5]})


async def test_a_record_without_memory_leaves_the_memory(stored: Stored) -> None:
    """Only what changed is written."""
    await stored.store.record(Record(memory={"a": 1}))
    await stored.store.record(Record())
    assert (await stored.store.load())[1] == {"a": 1}


async def test_a_record_written_twice_is_there_once(stored: Stored) -> None:
    """A repeat after a lost answer adds no sample, no event, no alert."""
    watch, _ = await stored.registry.register(registration())
    record = Record(
        watches=(update(watch),),
        samples=(sample(), sample(T0 + SECOND, value=None)),
        events=(EventRow(watch.id, T0, "pending", {"rule": "error_rate.rollback"}),
                EventRow(watch.id, T0, "firing", {}, key="mine")),
        alerts=(alert(watch.id),),
        memory={"a": 1},
    )  # fmt: skip
    await stored.store.record(record)
    await stored.store.record(record)
    assert await stored.registry.samples(T0, T0 + 2 * SECOND, 10) == list(record.samples)
    kinds = [e.kind for e in await stored.registry.events(watch.id, 0, 10)]
    assert kinds == ["registered", "pending", "firing"]
    assert await stored.store.undelivered() == [alert(watch.id)]


async def test_events_that_differ_in_detail_are_two(stored: Stored) -> None:
    """The key of an event without one is made of all it says."""
    watch, _ = await stored.registry.register(registration())
    events = tuple(EventRow(watch.id, T0, "pending", {"rule": rule}) for rule in ("a", "b"))
    await stored.store.record(Record(events=events))
    found = await stored.registry.events(watch.id, 0, 10)
    assert [e.detail.get("rule") for e in found] == [None, "a", "b"]
    assert [e.id for e in found] == sorted({e.id for e in found})


async def test_events_go_on_after_the_last_one_read(stored: Stored) -> None:
    """The id of an event is a cursor."""
    watch, _ = await stored.registry.register(registration())
    await stored.store.record(
        Record(events=(EventRow(watch.id, T0, "a", {}), EventRow(watch.id, T0, "b", {})))
    )
    first = await stored.registry.events(watch.id, 0, 2)
    rest = await stored.registry.events(watch.id, first[-1].id, 10)
    assert [e.kind for e in (*first, *rest)] == ["registered", "a", "b"]


async def test_a_verdict_never_changes(stored: Stored) -> None:
    """A later round with another verdict, or with none, changes nothing at all."""
    watch, _ = await stored.registry.register(registration())
    await stored.store.record(Record(watches=(update(watch, "ended", "rolled_back", T0, "first"),)))
    await stored.store.record(Record(watches=(update(watch, "ended", "succeeded", T0 + 1, "second"),)))
    await stored.store.record(Record(watches=(update(watch, "watching"),)))
    found = await stored.registry.find(watch.id)
    assert found is not None
    assert (found.phase, found.verdict, found.verdict_at, found.reason) == (
        "ended",
        "rolled_back",
        T0,
        "first",
    )


async def test_after_the_verdict_the_view_goes_on(stored: Stored) -> None:
    """For `verify_for` the metrics are watched on: same verdict, its moment and reason stay."""
    watch, _ = await stored.registry.register(registration())
    await stored.store.record(Record(watches=(update(watch, "ended", "rolled_back", T0, "first"),)))
    later = replace(update(watch, "ended", "rolled_back", T0 + 1, "again"), view={"helped": True})
    await stored.store.record(Record(watches=(later,)))
    found = await stored.registry.find(watch.id)
    assert found is not None
    assert (found.verdict_at, found.reason, found.view) == (T0, "first", {"helped": True})


async def test_an_ended_watch_is_neither_loaded_nor_controlled(stored: Stored) -> None:
    """Only open watches are the daemon's."""
    first, _ = await stored.registry.register(registration("a"))
    second, _ = await stored.registry.register(registration("b"))
    await stored.store.record(ended(first, "succeeded"))
    watches, _ = await stored.store.load()
    assert [w.id for w in watches] == [second.id]
    assert list(await stored.store.controls()) == [second.id]


async def test_a_round_keeps_a_persons_controls(stored: Stored) -> None:
    """The daemon writes where a watch is, never what a person asked."""
    watch, _ = await stored.registry.register(registration())
    await stored.registry.control(watch.id, Control.PAUSE, by="ana", reason="deploying")
    await stored.store.record(Record(watches=(update(watch),)))
    controls = (await stored.store.controls())[watch.id]
    assert (controls.paused, controls.by, controls.reason) == (True, "ana", "deploying")


async def test_the_last_registered_supersedes_until_it_is_cancelled_or_rolled_back(stored: Stored) -> None:
    """Verdicts other than those leave the older watches superseded."""
    old, _ = await stored.registry.register(registration("a"))
    for verdict, superseded in (
        ("cancelled", False), ("rolled_back", False), ("resolved_externally", False), ("succeeded", True),
    ):  # fmt: skip
        new, _ = await stored.registry.register(registration("b"))
        both = await stored.store.controls()
        assert (both[old.id].superseded, both[new.id].superseded) == (True, False)
        await stored.store.record(ended(new, verdict))
        assert (await stored.store.controls())[old.id].superseded is superseded
    (loaded,), _ = await stored.store.load()
    assert loaded.controls.superseded


async def test_news_of_a_registration_comes_at_once(stored: Stored) -> None:
    """The wait ends long before its time."""
    await stored.store.wait_for_news(0)  # what opening left behind
    waiting = asyncio.create_task(stored.store.wait_for_news(3600))
    await asyncio.sleep(0)
    await stored.registry.register(registration())
    await asyncio.wait_for(waiting, PATIENCE)


async def test_news_that_came_before_the_wait_is_not_lost(stored: Stored) -> None:
    """Between two waits the daemon is busy; what happens then wakes it at the next."""
    await stored.store.wait_for_news(0)
    watch, _ = await stored.registry.register(registration())
    await stored.registry.control(watch.id, Control.CANCEL, by="ana", reason="")
    await asyncio.wait_for(stored.store.wait_for_news(3600), PATIENCE)


async def test_without_news_the_wait_ends_by_time(stored: Stored) -> None:
    """Polling is the fallback."""
    await stored.store.wait_for_news(0)
    await asyncio.wait_for(stored.store.wait_for_news(0.01), PATIENCE)


async def test_an_alert_stays_in_the_outbox_until_it_is_settled(stored: Stored) -> None:
    """Failed: it comes again with its attempts. Delivered or given up: it is gone."""
    rows = [alert("w-1", number, T0 + number) for number in range(3)]
    await stored.store.record(Record(alerts=tuple(reversed(rows))))
    assert await stored.store.undelivered() == rows
    await stored.store.settle(rows[0].key, delivered=False, attempts=1, error="429", final=False)
    await stored.store.settle(rows[1].key, delivered=True, attempts=1, error="", final=False)
    await stored.store.settle(rows[2].key, delivered=False, attempts=9, error="404", final=True)
    assert await stored.store.undelivered() == [as_stored(rows[0], 1)]


async def test_what_a_channel_returned_for_a_thread_is_known_after_a_restart(stored: Stored) -> None:
    """The latest of that channel and thread, and of none other."""
    told = [alert("w-1", number, T0 + number) for number in range(4)]
    rows = [replace(r, alert=replace(r.alert, story="w-1/breach@1")) for r in told[:3]]
    await stored.store.record(Record(alerts=(*rows, told[3])))
    assert await stored.store.receipt("slack", "w-1/breach@1") == ""
    for row, receipt in zip((*rows, told[3]), ("C1/1.0001", "C1/2.0002", "", "C1/3.0003"), strict=True):
        await stored.store.settle(row.key, delivered=True, attempts=1, error="", final=False, receipt=receipt)
    assert await stored.store.receipt("slack", "w-1/breach@1") == "C1/2.0002"
    assert await stored.store.receipt("slack", told[3].alert.condition) == "C1/3.0003"
    assert await stored.store.receipt("slack-2", "w-1/breach@1") == ""
    assert await stored.store.undelivered() == []


async def test_a_delivered_alert_written_again_is_not_sent_again(stored: Stored) -> None:
    """The repeat of a record finds its row settled."""
    await stored.store.record(Record(alerts=(alert(None),)))
    await stored.store.settle(alert(None).key, delivered=True, attempts=1, error="", final=False)
    await stored.store.record(Record(alerts=(alert(None),)))
    assert await stored.store.undelivered() == []


async def test_forgetting_keeps_the_moment_itself(stored: Stored) -> None:
    """One microsecond before it is gone; the moment and later ones stay."""
    await stored.store.record(Record(samples=tuple(sample(T0 + offset) for offset in (-1, 0, 1))))
    assert await stored.store.forget(T0) == 1
    assert [s.at for s in await stored.registry.samples(T0 - 1, T0 + 2, 10)] == [T0, T0 + 1]


async def test_forgetting_keeps_what_is_open_and_what_a_rollback_did(stored: Stored) -> None:
    """Settled alerts and passing events go; undelivered alerts and the record of a watch stay."""
    watch, _ = await stored.registry.register(registration())
    kinds = ("pending", "intent", "rollback_group", "bookkeeping", "rollback_effect", "ended")
    events = tuple(EventRow(watch.id, T0 - 5, kind, {}) for kind in kinds)
    rows = (alert(None), replace(alert(None), key=f"{alert(None).key}/other"))
    await stored.store.record(Record(events=events, alerts=rows))
    await stored.store.settle(rows[0].key, delivered=True, attempts=1, error="", final=False)
    late = max(T0, *(row.alert.at + 1 for row in rows))
    await stored.store.forget(late)
    kept = {e.kind for e in await stored.registry.events(watch.id, 0, 100)}
    assert kept == {"registered", *kinds[1:]}
    assert [row.key for row in await stored.store.undelivered()] == [rows[1].key]


async def test_samples_are_read_from_since_up_to_but_without_until(stored: Stored) -> None:
    """Half-open, in time order, the first `limit`."""
    await stored.store.record(Record(samples=tuple(sample(T0 + offset) for offset in (2, 0, 1, -1))))
    found = await stored.registry.samples(T0, T0 + 2, 10)
    assert [s.at for s in found] == [T0, T0 + 1]
    assert [s.at for s in await stored.registry.samples(T0, T0 + 2, 1)] == [T0]


async def test_text_that_a_database_can_not_hold_is_stored_with_question_marks(stored: Stored) -> None:
    """Neither NUL, nor half a surrogate pair, nor NaN ever stops a round from being written."""
    watch, _ = await stored.registry.register(registration())
    bad = "a\x00b\ud800"
    state = {"k": [bad, "😀"], "rate": float("nan")}
    await stored.store.record(
        Record(samples=(replace(sample(value=None), reason=bad),),
               events=(EventRow(watch.id, T0, "x", {"text": bad}),),
               watches=(replace(update(watch), reason=bad, state=state),))
    )  # fmt: skip
    found = await stored.registry.find(watch.id)
    assert found is not None
    assert (found.reason, found.state) == ("a?b?", {"k": ["a?b?", "😀"], "rate": None})


async def test_the_first_baseline_of_a_watch_stays_and_the_latest_changes_are_kept(stored: Stored) -> None:
    """A restart compares with the same one; people see what was found last."""
    watch, _ = await stored.registry.register(registration())
    assert await stored.store.baseline(watch.id) is None
    assert await stored.registry.changes(watch.id) is None
    await stored.store.keep_changes(watch.id, {"at": 1}, None)
    await stored.store.keep_changes(watch.id, {"at": 2}, {"since": 1})
    assert await stored.store.baseline(watch.id) == {"at": 1}
    assert await stored.registry.changes(watch.id) == {"since": 1}
    await stored.store.forget(T0)
    assert await stored.registry.changes(watch.id) == {"since": 1}
    assert await stored.store.forget(utc_now() + HOUR) >= 1
    assert await stored.registry.changes(watch.id) is None


async def test_a_rehearsal_is_forgotten_but_not_that_of_an_open_watch(stored: Stored) -> None:
    """However long ago it was rehearsed, people still see it while the plan may run."""
    watch, _ = await stored.registry.register(registration())
    for sha256 in (watch.plan.sha256, "0" * 64):
        await stored.registry.add_rehearsal(Rehearsal(sha256, RehearsalOutcome.RAN, "ran", {}, None, None))
    later = utc_now() + HOUR
    await stored.store.forget(T0)
    assert await stored.registry.rehearsal("0" * 64) is not None
    await stored.store.forget(later)
    assert await stored.registry.rehearsal("0" * 64) is None
    assert await stored.registry.rehearsal(watch.plan.sha256) is not None
    await stored.store.record(ended(watch, "succeeded"))
    await stored.store.forget(later)
    assert await stored.registry.rehearsal(watch.plan.sha256) is None


async def test_the_past_of_a_target_is_its_samples_since_a_moment_in_order(stored: Stored) -> None:
    """What a watch begins with: as they were read, those of that moment included."""
    samples = tuple(
        sample(T0 + n * SECOND, metric, value)
        for n in range(3) for metric, value in (("connections", 3.0), ("error_rate", None))
    )  # fmt: skip
    await stored.store.record(Record(samples=tuple(reversed(samples))))
    assert await stored.store.past(T0 + SECOND) == list(samples[2:])
    assert await stored.store.past(T0 + 3 * SECOND) == []
