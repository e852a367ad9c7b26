"""What the page asks of every registry: samples summed up by time, and what people were told."""

from __future__ import annotations

from dataclasses import replace

from monitor.core.samples import SECOND
from monitor.ports import Record, SampleSlot
from tests.contract.conftest import Stored
from tests.stored import T0, alert, registration, sample


async def test_samples_are_summed_up_by_slot_with_their_extremes_and_what_is_missing(stored: Stored) -> None:
    """The first moment is in, the last is not; a slot without samples is not there."""
    quiet = replace(sample(T0 + 11 * SECOND, value=None), quiet=True, reason="insufficient_traffic")
    samples = (
        sample(T0 - 1, value=9.0),
        sample(T0, value=0.01),
        sample(T0 + 9 * SECOND, value=0.03),
        sample(T0 + 10 * SECOND, value=None),
        quiet,
        sample(T0 + 12 * SECOND, "connections", 7.0),
        sample(T0 + 40 * SECOND, value=9.0),
    )
    await stored.store.record(Record(samples=samples))
    found = await stored.registry.slots(T0, T0 + 40 * SECOND, 10 * SECOND)
    assert list(found) == [
        SampleSlot("error_rate", 0, T0 + 9 * SECOND, 0.01, 0.03),
        SampleSlot("connections", 1, T0 + 12 * SECOND, 7.0, 7.0),
        SampleSlot("error_rate", 1, T0 + 11 * SECOND, None, None, 2, 1, "timeout"),
    ]


async def test_what_people_were_told_is_listed_newest_first_with_its_fate(stored: Stored) -> None:
    """Of this watch alone, and no more than asked for."""
    watch, _ = await stored.registry.register(registration())
    rows = [alert(watch.id, n, T0 + n * SECOND) for n in range(3)]
    await stored.store.record(Record(alerts=(*rows, alert("w-other"))))
    quiet = replace(rows[2], key="quiet", alert=replace(rows[2].alert, quiet=True))
    await stored.store.record(Record(alerts=(quiet,)))
    await stored.store.settle(rows[1].key, delivered=True, attempts=2, error="", final=False)
    await stored.store.settle(rows[0].key, delivered=False, attempts=5, error="", final=True)
    newest, delivered, given_up = await stored.registry.told(watch.id, 10)
    assert [one.at for one in (newest, delivered, given_up)] == [r.alert.at for r in reversed(rows)]
    assert (newest.channel, newest.severity, newest.title) == ("slack", "critical", rows[2].alert.title)
    assert (newest.delivered_at, newest.given_up_at) == (None, None)
    assert delivered.delivered_at is not None
    assert (delivered.attempts, delivered.given_up_at) == (2, None)
    assert given_up.given_up_at is not None
    assert len(await stored.registry.told(watch.id, 1)) == 1


async def test_nothing_is_shown_of_what_was_never_recorded(stored: Stored) -> None:
    """Empty, not an error."""
    assert list(await stored.registry.slots(T0, T0 + SECOND, SECOND)) == []
    assert list(await stored.registry.told("w-none", 10)) == []
