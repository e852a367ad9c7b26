"""Each change of what is in a rollback's way is news once; what comes and goes does not spam."""

from __future__ import annotations

import json

from monitor.core.samples import SECOND
from monitor.daemon.dedup import CALM, ReadinessNotices
from monitor.daemon.happenings import ReadinessRead
from monitor.ports import Lack, Readiness, Reason
from tests.hands import START, Desk

RIGHTS = Reason("the rollback role does not own public.contacts", Lack.RIGHTS)
REFUSED = Reason("connecting (rollback/shop): Connection refused", Lack.CONNECTION)
STARTING = Reason("connecting (rollback/shop): the database system is starting up (57P03)", Lack.CONNECTION)


def test_a_reason_more_and_a_reason_less_are_news_and_the_same_ones_are_not() -> None:
    """Not only from able to unable and back."""
    lacks = ReadinessNotices()
    heard = [
        lacks.hear(r, START + n) for n, r in enumerate([[RIGHTS], [RIGHTS], [RIGHTS, REFUSED], [RIGHTS]])
    ]
    assert heard == [True, False, True, True]
    assert lacks.open == (RIGHTS,)


def test_numbers_and_the_words_of_a_lost_connection_are_no_news() -> None:
    """An estimate changes at every proof, and a server that restarts fails in many ways."""
    lacks = ReadinessNotices()
    slow = [Reason(f"estimated {n}.{n} s", Lack.LOCKS_ESTIMATE) for n in (3, 4)]
    assert [lacks.hear([r], START) for r in (slow[0], slow[1])] == [True, False]
    assert [lacks.hear([slow[1], r], START) for r in (REFUSED, STARTING)] == [True, False]


def test_a_reason_that_comes_and_goes_is_told_until_it_has_been_away_for_long() -> None:
    """It came, it went, it came again; then it stands, and only CALM closes it."""
    lacks, news = ReadinessNotices(), 0
    for second in range(0, 300, 5):
        news += lacks.hear([REFUSED] if second % 10 else [], START + second * SECOND)
    assert news == 3
    assert lacks.open == (REFUSED,)
    last_seen = START + 295 * SECOND
    assert not lacks.hear([], last_seen + CALM - 1)
    assert lacks.hear([], last_seen + CALM)
    assert not lacks.open


def test_what_was_told_is_known_after_a_restart() -> None:
    """Through JSON, as it is stored."""
    lacks = ReadinessNotices()
    lacks.hear([RIGHTS], START)
    again = ReadinessNotices(json.loads(json.dumps(lacks.memory())))
    assert not again.hear([RIGHTS], START + SECOND)
    assert again.hear([], START + 2 * SECOND)


def test_an_alert_has_all_reasons_and_the_view_and_its_event_their_codes() -> None:
    """A second reason is told together with the first."""
    desk = Desk()
    desk.register()
    desk.take(ReadinessRead("w-1", Readiness(False, (RIGHTS,))))
    desk.take(ReadinessRead("w-1", Readiness(False, (RIGHTS, REFUSED))))
    told = [a for a in desk.alerts() if a.condition == "w-1/readiness"]
    assert [text for _, text in told[-1].facts] == [RIGHTS, REFUSED]
    assert desk.view()["readiness"]["codes"] == ["rights", "connection"]
    events = [e for r in desk.records for e in r.events if e.kind == "not_ready"]
    assert events[-1].detail["codes"] == ["rights", "connection"]
