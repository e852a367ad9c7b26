"""What must hold of every history, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.core.codec import dump, load
from monitor.core.decisions import Decision, ExecuteRollback, LateIgnored
from monitor.core.events import BatchEnded, Event, Executed, Measured, Passed, Restarted, Verdict
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Action, Mode, Policy, Rule
from monitor.core.watch import WatchState, new_state, step
from tests import reference_values
from tests.examples import examples
from tests.reference_values import Line, usable_or_quiet
from tests.replays import START, core, named, reading, verdict
from tests.strategies import Case, cases

EXAMPLES = examples(40)

Taken = tuple[WatchState, list[Decision]]


def events_of(policy: Policy, lines: Iterable[Line]) -> list[Event]:
    """The lines as the daemon would give them: each moment's, then the end of its batch."""
    events: list[Event] = []
    latest = START
    for x in lines:
        if x.at < START:
            continue
        if x.at > latest:
            events.append(BatchEnded(latest))
            latest = x.at
        events.append(Measured(x.at, reading(x)) if x.metric in policy.metrics else Passed(x.at))
    return [*events, BatchEnded(latest)]


def take(policy: Policy, state: WatchState, events: Iterable[Event]) -> Taken:
    said: list[Decision] = []
    for event in events:
        state, more = step(policy, state, event)
        said += more
    return state, said


def usable(case: Case, metric: str) -> list[Line]:
    """The lines of a metric that count: in time order, from the start on, with a usable value."""
    kept: list[Line] = []
    for x in case.lines:
        seen = usable_or_quiet(x)
        if x.at >= START and x.metric == metric and seen is not None and seen.value is not None:
            kept.append(x)
    return kept


def rollback_rules(policy: Policy) -> list[Rule]:
    return [rule for rule in policy.rules if rule.action is Action.ROLLBACK]


def breaches(lines: Sequence[Line], rule: Rule) -> list[Micros]:
    return [x.at for x in lines if isinstance(x.value, int | float) and rule.breached_by(x.value)]


@EXAMPLES
@given(cases())
def test_never_a_rollback_without_its_hold_of_observed_breach(case: Case) -> None:
    """A hold apart, without silence over max_gap between. Plain: breaches at both ends; of counts: reads."""
    told = core(case.policy, START, case.lines, True)
    for rule in rollback_rules(case.policy):
        for firing in named(told, "firing", rule.name):
            since, at = round(_number(firing["since"]) * SECOND), round(_number(firing["at"]) * SECOND)
            assert at - since >= rule.hold
            seen = {x.at for x in case.lines if x.metric == rule.metric and usable_or_quiet(x) is not None}
            plain = "evidence" not in firing
            assert {since, at} <= (set(breaches(usable(case, rule.metric), rule)) if plain else seen)
            inside = sorted(x for x in seen if since <= x <= at)
            assert all(b - a <= case.policy.max_gap for a, b in pairwise(inside))


@EXAMPLES
@given(cases())
def test_never_a_rollback_if_no_sample_exceeds_its_limit(case: Case) -> None:
    """Whatever the values beside the counts, the gaps and the failures say."""
    lines = [
        x
        for x in case.lines
        if not any(_exceeds(x, rule) for rule in rollback_rules(case.policy) if rule.metric == x.metric)
    ]
    told = core(case.policy, START, lines, True)
    assert [e for e in named(told, "firing") if str(e["rule"]).endswith(".rollback")] == []


def _exceeds(x: Line, rule: Rule) -> bool:
    """Its counts, or its value where it has none."""
    seen = usable_or_quiet(x)
    if seen is None:
        return False
    if seen.counts is not None:
        errors, requests = map(float, seen.counts)
        return requests > 0 and errors / requests > rule.limit
    return seen.value is not None and rule.breached_by(float(seen.value))


@EXAMPLES
@given(cases(), st.data())
def test_failed_nodata_never_makes_a_decision_earlier(case: Case, data: st.DataObject) -> None:
    """With failed reads strewn in, no rule of an uncounted or counted metric fires before it did."""
    whole = replace(case.policy, success_after=10**15, give_up_after=10**15)
    moments = data.draw(st.lists(st.integers(0, 200 * SECOND), max_size=10))
    metrics = data.draw(st.lists(st.sampled_from(whole.metrics), min_size=10, max_size=10))
    failed = [Line(START + m, name) for m, name in zip(moments, metrics, strict=False)]
    lines = _in_order(case.lines)
    without = named(core(whole, START, lines, True), "firing")
    strewn = named(core(whole, START, _in_order([*lines, *failed]), True), "firing")
    assert strewn == without


@EXAMPLES
@given(cases(), st.data())
def test_losing_a_sample_never_makes_a_rollback_without_counts_earlier(
    case: Case, data: st.DataObject
) -> None:
    """A breaching sample that could not be measured can only delay what it was part of."""
    bare = [replace(x, errors=None, requests=None) for x in _in_order(case.lines)]
    assume(bare)
    index = data.draw(st.integers(0, len(bare) - 1))
    lost = bare[index]
    rules = [r for r in rollback_rules(case.policy) if r.metric == lost.metric and breaches([lost], r)]
    missing = [*bare[:index], replace(lost, value=None, reason="timeout"), *bare[index + 1 :]]
    endless = replace(case.policy, success_after=10**15, give_up_after=10**15)
    before, after = core(endless, START, bare, True), core(endless, START, missing, True)
    for rule in rules:
        first = [_number(e["at"]) for e in named(before, "firing", rule.name)]
        later = [_number(e["at"]) for e in named(after, "firing", rule.name)]
        assert not later or (first and later[0] >= first[0])


@EXAMPLES
@given(cases(), st.sampled_from([1, SECOND, 86_400 * SECOND, 7 * 365 * 86_400 * SECOND + 1]))
def test_a_shift_of_time_changes_nothing_but_the_times(case: Case, shift: Micros) -> None:
    """The same history later in the century is told with the same words."""
    moved = [replace(x, at=x.at + shift) for x in case.lines]
    told = core(case.policy, START, case.lines, case.keep_going)
    later = core(case.policy, START + shift, moved, case.keep_going)
    assert [_micros_of(e, 0) for e in told] == [_micros_of(e, shift) for e in later]


@EXAMPLES
@given(cases(), st.data())
def test_stop_and_restore_at_any_point_gives_the_same_future(case: Case, data: st.DataObject) -> None:
    """The state survives as JSON, so that what is said after it is the same."""
    mode = data.draw(st.sampled_from(list(Mode)))
    events = events_of(case.policy, case.lines)
    cut = data.draw(st.integers(0, len(events)))
    state, _ = take(case.policy, new_state(case.policy, START, mode), events[:cut])
    restored = load(case.policy, json.loads(json.dumps(dump(case.policy, state))))
    assert restored is not None
    there, said = take(case.policy, state, events[cut:])
    here, again = take(case.policy, restored, events[cut:])
    assert again == said
    assert dump(case.policy, here) == dump(case.policy, there)


@EXAMPLES
@given(cases(), st.data())
def test_after_a_restart_a_rollback_stands_on_a_fresh_breach(case: Case, data: st.DataObject) -> None:
    """Between a restart and the next rollback there is a breaching sample of its rule."""
    events = events_of(case.policy, case.lines)
    rounds = [n for n, event in enumerate(events, 1) if isinstance(event, BatchEnded)]
    cut = data.draw(st.sampled_from(rounds))  # state is stored after a round
    mode = data.draw(st.sampled_from([Mode.AUTO, Mode.APPROVE]))
    state, _ = take(case.policy, new_state(case.policy, START, mode), events[:cut])
    rules = {rule.name: rule for rule in case.policy.rules}
    state, said = step(case.policy, state, Restarted(state.seen.at))
    assert not [d for d in said if isinstance(d, ExecuteRollback)]
    fresh: set[str] = set()
    for event in events[cut:]:
        if isinstance(event, Measured):
            x = event.reading
            fresh |= {
                n
                for n, r in rules.items()
                if x.metric == r.metric
                and (x.requests is not None or (isinstance(x.value, int | float) and r.breached_by(x.value)))
            }
        state, said = step(case.policy, state, event)
        assert {d.rule for d in said if isinstance(d, ExecuteRollback)} <= fresh


@EXAMPLES
@given(cases(), st.lists(st.booleans(), max_size=8))
def test_at_most_one_rollback_is_in_effect(case: Case, withdrawn: list[bool]) -> None:
    """Until the executor gives one back, no second one is asked for; after it took effect, none."""
    state, open_orders, effects = new_state(case.policy, START), 0, 0
    answers = iter(withdrawn)
    for event in events_of(case.policy, case.lines):
        state, said = step(case.policy, state, event)
        open_orders += sum(isinstance(d, ExecuteRollback) for d in said)
        assert open_orders <= 1
        if open_orders:
            given_back = next(answers, False)
            effects += not given_back
            outcome = None if given_back else Verdict.ROLLED_BACK
            state, _ = step(case.policy, state, Executed(state.seen.at, outcome, "test"))
            open_orders = 0
    assert effects <= 1


@EXAMPLES
@given(cases())
def test_nothing_is_said_after_a_verdict(case: Case) -> None:
    """A watch that has ended takes nothing in, and its verdict stays."""
    events = events_of(case.policy, case.lines)
    state = new_state(case.policy, START)
    for event in events:
        ended = state if state.ended else None
        state, said = step(case.policy, state, event)
        assert ended is None or (state == ended and said == ())
    assert verdict(core(case.policy, START, case.lines, False))


@EXAMPLES
@given(cases())
def test_late_events_change_nothing_but_their_count(case: Case) -> None:
    """What the core calls late leaves everything else as it was."""
    state = new_state(case.policy, START)
    for event in events_of(case.policy, case.lines):
        before = state
        state, said = step(case.policy, state, event)
        if any(isinstance(d, LateIgnored) for d in said):
            assert state.seen.late == before.seen.late + 1
            seen = state.seen._replace(at=before.seen.at, late=before.seen.late)
            assert (seen.tracks, seen.streaks) == (before.seen.tracks, before.seen.streaks)


def _in_order(lines: Iterable[Line]) -> list[Line]:
    return sorted((x for x in lines if x.at >= START), key=lambda x: x.at)


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return value


def _micros_of(event: reference_values.Event, shift: Micros) -> reference_values.Event:
    times = {k: round(_number(v) * SECOND) - shift for k, v in event.items() if k in ("at", "since")}
    return {**event, **times}


sizes = st.sampled_from([0.0, 5e-324, 1e-9, 0.1, 1.0, 7.5, 100.0, 1e10, 1.1e10, 1e17, 1e300, 1.7e308])


@EXAMPLES
@given(st.lists(st.tuples(sizes, sizes), min_size=80, max_size=250))
def test_counts_of_any_size_break_nothing(counts: list[tuple[float, float]]) -> None:
    """A lying counter's: what is added to them and what is left of sums is not exact, and 0 of 0 at times."""
    policy = Policy(thresholds=Policy().thresholds[:1])
    lines = [
        Line(START + n * 5 * SECOND, "error_rate", None, min(pair), max(pair))
        for n, pair in enumerate(counts, 1)
    ]
    state, _ = take(policy, new_state(policy, START, Mode.OBSERVE), events_of(policy, lines))
    assert load(policy, json.loads(json.dumps(dump(policy, state)))) == state
