"""Whether one process answers: what falls prove, and how an address that was shared is believed again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.core.samples import SECOND, Reading
from monitor.sources.counters import (
    ERRORS,
    EVERY_SO_MANY,
    FIRST_READS,
    REQUESTS,
    Increase,
    Meter,
    Page,
    Rates,
)
from monitor.sources.rate import error_rate
from monitor.sources.trust import CALM_READS, DOUBT_READS, RESTART_READS, several

FIRST = 1_700_000_000 * SECOND
STEP = 5 * SECOND


def page(requests: float, errors: float = 0.0, identity: str = "") -> Page:
    """As a JSON document, or a page with one series of each."""
    return Page({REQUESTS: {"": requests}, ERRORS: {"": errors}}, identity)


class Address:
    """Reads of one address; the meter goes through JSON now and then, as over a restart of the daemon."""

    def __init__(self) -> None:
        self.meter = Meter(Rates())
        self.reads = 0

    def read(self, *pages: Page) -> list[str]:
        """Why each of them gave nothing; "" for a value."""
        return [self._read(one).reason for one in pages]

    def _read(self, one: Page) -> Reading:
        self.reads += 1
        if self.reads % 7 == 0:
            stored = json.loads(json.dumps(self.meter.memory()))
            self.meter = Meter(self.meter.rates)
            self.meter.restore(stored)
        return error_rate("error_rate", self.meter, FIRST + self.reads * STEP, {"a": one})

    def grows(self, times: int, start: float, identity: str = "") -> list[str]:
        return self.read(*(page(start + 10 * n, 0, identity) for n in range(times)))


def test_a_decrease_under_one_identity_proves_several_processes() -> None:
    """A start time in whole seconds makes two workers look like one: 12 errors once, none after."""
    address = Address()
    workers = [(1000 + 10 * n, 12.0) if n % 2 else (1004 + 10 * n, 0.0) for n in range(40)]
    assert address.read(*(page(r, e, "1700000000") for r, e in workers))[2:] == ["several_processes"] * 38


def test_an_identity_that_comes_back_proves_several_processes() -> None:
    """A process that ended does not come back; only growing numbers would hide it."""
    identities = ("100.5", "100.7", "100.5", "100.7")
    found = Address().read(*(page(1000 + 100 * n, 0, i) for n, i in enumerate(identities)))
    assert found == ["baseline", "instance_changed", "several_processes", "several_processes"]


def test_a_restart_with_an_identity_costs_one_read() -> None:
    """It says that it is another one; its counters may even be higher."""
    found = Address().read(page(900, 9, "1"), page(1000, 9, "1"), page(4000, 900, "2"), page(4100, 900, "2"))
    assert found == ["baseline", "", "instance_changed", ""]


def test_one_restart_without_an_identity_costs_a_few_reads() -> None:
    """All requests fall to near nothing, once: it is measured again 20 s later, errors or not."""
    address = Address()
    address.read(page(9000, 3), page(9100, 3))
    after = address.read(*(page(40 * n, 40 * n) for n in range(1, RESTART_READS + 3)))
    assert after == [*["counter_reset"] * (RESTART_READS + 1), ""]


def test_a_restart_at_night_does_not_blind() -> None:
    """Nothing moves afterwards, and it counts again all the same: as no traffic."""
    address = Address()
    address.read(page(9000, 3))
    after = address.read(*[page(0, 0)] * (RESTART_READS + 2))
    assert after == [*["counter_reset"] * (RESTART_READS + 1), "insufficient_traffic"]


def test_a_crash_loop_is_no_several_processes() -> None:
    """It falls to nothing again and again: no rate, and one when it holds still for a minute."""
    address = Address()
    address.read(page(9000, 3))
    loop = [page(n, n) for _ in range(10) for n in (30, 60, 5)]
    assert set(address.read(*loop)) == {"counter_reset"}
    assert address.grows(DOUBT_READS + 2, 10)[-1] == ""


def test_a_fall_that_is_no_restart_is_doubted_and_a_second_one_proves() -> None:
    """990 after 1000 is nobody's fresh start; the second time it is another process."""
    address = Address()
    found = address.read(page(1000), page(990), page(1010), page(1005), page(1020))
    assert found == ["baseline", "counter_fell", "counter_fell", "several_processes", "several_processes"]


def test_a_leap_back_after_a_restart_is_another_process() -> None:
    """An old worker and a fresh one: the way back up would be all errors of a lifetime."""
    address = Address()
    found = address.read(page(90_000, 9000), *(page(50 + n, 0) for n in range(8)), page(90_100, 9000))
    assert found[-1] == "counter_fell"
    assert address.read(page(60, 0)) == ["several_processes"]


def test_errors_that_leap_after_a_restart_are_measured() -> None:
    """The migration breaks what it restarted: 3 errors before, 500 at the first reads after."""
    address = Address()
    address.read(page(9000, 3), page(9100, 3))
    assert address.read(*(page(500 * n, 500 * n) for n in range(1, 6)))[-1] == ""


def test_a_rolling_restart_behind_one_page_is_doubted_and_not_proven() -> None:
    """Series of several pods on one page: each falls once."""

    def of(*values: float) -> Page:
        return Page({REQUESTS: {f"pod{n}": v for n, v in enumerate(values)}, ERRORS: {}})

    found = Address().read(of(900, 900, 900), of(4, 910, 910), of(14, 6, 920), of(24, 16, 8), of(34, 26, 18))
    assert found == ["baseline", *["counter_fell"] * 4]


def test_several_processes_are_believed_to_be_one_after_many_calm_reads() -> None:
    """The address is no longer shared: sixty new connections in a row show one process."""
    address = Address()
    address.read(page(1000, 5, "1"), page(900, 5, "1"))
    assert set(address.grows(CALM_READS, 2000, "1")) == {"several_processes"}
    assert address.grows(2, 3000, "1")[-1] == ""


def test_what_stands_still_is_no_proof_of_being_one() -> None:
    """An idle hour shows nothing of who would answer."""
    address = Address()
    address.read(page(1000, 5, "1"), page(900, 5, "1"), page(2000, 5, "1"))
    assert set(address.read(*[page(2000, 5, "1")] * 2 * CALM_READS)) == {"several_processes"}


def test_a_proof_takes_the_window_back() -> None:
    """What was counted before it was known is nobody's rate."""
    address = Address()
    address.read(page(1000, 0, "1"), page(9000, 800, "1"))
    assert address.meter.window(FIRST + 2 * STEP)[ERRORS] == 800
    address.read(page(1010, 0, "1"))
    assert address.meter.window(FIRST + 3 * STEP) == {}
    assert address.meter.several == {"a"}


def test_distrusted_instances_leave_the_others_while_they_are_not_the_most() -> None:
    """One of two is left out; of three two are too many."""
    for honest, reason in ((1, ""), (0, "several_processes")):
        meter = Meter(Rates())
        for n in range(6):
            shared = page(1000 + n - 50 * (n % 2), 0, "1")
            pages = {"a": page(100 * n), "b": shared, **({} if honest else {"c": shared})}
            reading = error_rate("error_rate", meter, FIRST + n * STEP, pages)
        assert reading.reason == reason
        assert reading.requests == (100 if honest else None)


def test_new_connections_are_asked_for_first_now_and_then_and_in_doubt() -> None:
    """A kept connection shows one process only."""
    meter, wanted = Meter(Rates()), []
    for n in range(3 * EVERY_SO_MANY):
        wanted.append(meter.wants_new_connection)
        meter.take(FIRST + n * STEP, {"a": page(1000 + n, 0, "1")})
    assert wanted[:FIRST_READS] == [True] * FIRST_READS
    assert sum(wanted[FIRST_READS:]) == 2
    meter.take(FIRST + 37 * STEP, {"a": page(2000, 0, "2")})
    meter.take(FIRST + 38 * STEP, {"a": page(2001, 0, "2")})
    assert meter.wants_new_connection  # another process: perhaps several
    for n in range(40, 60):
        meter.take(FIRST + n * STEP, {"a": page(2000 + n, 0, "2")})
    meter.take(FIRST + 60 * STEP, {"a": page(500, 0, "2")})
    assert meter.wants_new_connection


def test_what_was_away_does_not_leap() -> None:
    """A target that restarted and was then not scraped for a while comes back where it was, undoubted."""
    meter = Meter(Rates())
    climbing = [9000, 9100, *(10 + 900 * n for n in range(6))]
    for n, requests in enumerate(climbing):
        meter.take(FIRST + n * STEP, {"a": page(requests)}, whole=True)
    meter.take(FIRST + 8 * STEP, {}, whole=True)
    assert meter.take(FIRST + 9 * STEP, {"a": page(6000)}, whole=True) == "baseline"
    assert isinstance(meter.take(FIRST + 10 * STEP, {"a": page(6900)}, whole=True), Increase)


def test_an_instance_that_was_away_is_a_baseline_and_then_counts() -> None:
    """Nothing of what it brings back is of now; far later it is forgotten."""
    meter = Meter(Rates())
    for n in range(3):
        meter.take(FIRST + n * STEP, {"a": page(100 * n), "b": page(100 * n)}, whole=True)
    meter.take(FIRST + 3 * STEP, {"b": page(300)}, whole=True)
    for n, requests in ((4, 100), (5, 200)):
        got = meter.take(FIRST + n * STEP, {"a": page(100 * n), "b": page(100 * n)}, whole=True)
        assert isinstance(got, Increase)
        assert got.by[REQUESTS] == requests
    for n in range(6, 70):
        meter.take(FIRST + n * STEP, {"b": page(100 * n)}, whole=True)
    assert meter.memory()["instances"].keys() == {"b"}  # type: ignore[attr-defined]  # a mapping in JSON


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 200)), min_size=2, max_size=5, unique=True),
    st.lists(st.integers(0, 9), min_size=30, max_size=50),
    st.sampled_from(["", "1700000000"]),
)
def test_processes_that_take_turns_never_yield_a_rate(
    processes: list[tuple[int, int]], more: list[int], identity: str
) -> None:
    """From the first fall on, whatever their pasts and their growth."""
    ends = [(requests + errors, errors) for requests, errors in processes]
    address, turn = Address(), itertools.cycle(range(len(ends)))
    before, fell = None, False
    for by in more:
        which = next(turn)
        ends[which] = now = (ends[which][0] + by, ends[which][1])
        (reason,) = address.read(page(*now, identity))
        fell = fell or (before is not None and (now[0] < before[0] or now[1] < before[1]))
        before = now
        assert reason or not fell
    assume(fell)


@pytest.mark.parametrize(
    ("said", "shared"),
    [
        ([page(1000, 0, "1"), page(1001, 0, "1"), page(1002, 1, "1")], False),
        ([page(1000, 12, "1"), page(1001, 0, "1")], True),
        ([page(1000, 0, "1"), page(1000, 0, "2")], True),
        ([page(1000, 0)], False),
        ([], False),
    ],
)
def test_a_check_tells_several_processes_by_a_fall_or_by_their_identities(
    said: Iterable[Page], shared: bool
) -> None:
    """Reads in a row, on a new connection each."""
    assert several(list(said)) is shared
