"""How a watch moves through its phases: a person's controls, the executor's news, the batch's end.

Every move goes through the table in `phases`; this file says what else changes with it.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.core import events
from monitor.core.counting import begun
from monitor.core.decisions import (
    ControlIgnored,
    Decision,
    Ended,
    ExecuteRollback,
    RequestApproval,
    RollbackWithdrawn,
    WouldRollBack,
)
from monitor.core.passage import end_abnormal
from monitor.core.phases import Move, Phase, after, allows
from monitor.core.samples import Micros
from monitor.core.state import Life, Order, Seen, WatchState
from monitor.core.streaks import Streak, cleared
from monitor.core.thresholds import Action, Mode, Policy, Rule
from monitor.core.verdicts import has_succeeded, may_give_up, wanting

Step = tuple[WatchState, tuple[Decision, ...]]

BY_PERSON = "person"
"""Stands for a rule where a person asked for the rollback."""


_MAY_END = (Phase.WATCHING, Phase.WARMING, Phase.AWAITING_APPROVAL)
"""Where a watch may end by itself. A tuple: the hash that a set needs is slow in an enumeration."""


def batch_ended(policy: Policy, state: WatchState, event: events.BatchEnded) -> Step:
    """In this order: requests withdrawn, warm-up over, a rollback that is due, success, giving up."""
    state, said = _withdraw_if_over(state)
    if state.life.phase is Phase.WARMING and event.at >= state.started_at + policy.warm_up:
        state = _with(state, phase=after(state.life.phase, Move.WARM))
    if state.life.phase is Phase.WATCHING:
        state, more = _decide(policy, state, event.at)
        said += more
    if state.life.phase in _MAY_END:
        state, more = _end_by_time(policy, state, event.at)
        said += more
    return state, said


def paused(policy: Policy, state: WatchState, event: events.Paused) -> Step:
    """Streaks are cleared, and what was decided is given back; refused once the intent is committed."""
    if state.life.intent or not allows(state.life.phase, Move.PAUSE):
        return _ignored(state, event.at, "pause")
    withdrawn = _withdrawn(state, event.at, "paused")
    state, said = _clear_streaks(policy, state, event.at, "paused")
    return _with(state, phase=after(state.life.phase, Move.PAUSE), order=None), withdrawn + said


def resumed(policy: Policy, state: WatchState, event: events.Resumed) -> Step:
    if state.life.phase is not Phase.PAUSED:
        return _ignored(state, event.at, "resume")
    warming = event.at < state.started_at + policy.warm_up
    return _with(state, phase=after(Phase.PAUSED, Move.REWARM if warming else Move.RESUME)), ()


def cancelled(policy: Policy, state: WatchState, event: events.Cancelled) -> Step:
    if state.life.intent or state.life.phase is Phase.IN_DOUBT:
        return _ignored(state, event.at, "cancel")
    withdrawn = _withdrawn(state, event.at, "cancelled")
    state, said = end(state, event.at, events.Verdict.CANCELLED, event.reason)
    return state, withdrawn + said


def approved(policy: Policy, state: WatchState, event: events.Approved) -> Step:
    """Approving what is not requested is refused."""
    order = state.life.order
    if state.life.phase is not Phase.AWAITING_APPROVAL or order is None:
        return _ignored(state, event.at, "approve")
    return _execute(state, event.at, replace(order, by=event.by or BY_PERSON))


def rollback_asked(policy: Policy, state: WatchState, event: events.RollbackAsked) -> Step:
    """A person's rollback needs no breach; one that is already under way is enough."""
    if not allows(state.life.phase, Move.DECIDE):
        return _ignored(state, event.at, "rollback")
    return _execute(state, event.at, Order(BY_PERSON, event.at, by=event.by or BY_PERSON))


def arming_changed(policy: Policy, state: WatchState, event: events.ArmingChanged) -> Step:
    """Superseded: decides nothing from now on. Armed again: with fresh streaks."""
    if event.armed == state.life.armed:
        return state, ()
    if event.armed:
        state, said = _clear_streaks(policy, state, event.at, "rearmed")
        return _with(state, armed=True), said
    if state.life.phase is not Phase.AWAITING_APPROVAL:
        return _with(state, armed=False), ()
    said = _withdrawn(state, event.at, "superseded")
    phase = after(state.life.phase, Move.WITHDRAW)
    return _with(state, armed=False, phase=phase, order=None), said


def restarted(policy: Policy, state: WatchState, event: events.Restarted) -> Step:
    """A decision of the rules that had not begun needs a fresh breaching sample; a person's stands."""
    order, phase = state.life.order, state.life.phase
    if order is None or state.life.intent or phase not in {Phase.ROLLING_BACK, Phase.AWAITING_APPROVAL}:
        return state, ()
    if order.rule == BY_PERSON:
        return state, (ExecuteRollback(event.at, order.rule, order.since, None, order.by),)
    state = _with(state, phase=after(phase, Move.WITHDRAW), order=None)
    return _unacted(state), ()


def approval_needed(policy: Policy, state: WatchState, event: events.ApprovalNeeded) -> Step:
    """`auto` becomes `approve` for the rest of the watch; who only observes goes on so."""
    return (_with(state, mode=Mode.APPROVE) if state.life.mode is Mode.AUTO else state), ()


def rearmed(policy: Policy, state: WatchState, event: events.Rearmed) -> Step:
    """Back to `auto` after `already_breaching`; what a person was asked for stays with the person."""
    return (_with(state, mode=Mode.AUTO) if state.life.mode is Mode.APPROVE else state), ()


def intent_committed(policy: Policy, state: WatchState, event: events.IntentCommitted) -> Step:
    """A watch whose decision was not stored before a restart is rolling back all the same."""
    if allows(state.life.phase, Move.DECIDE):
        state = _with(state, phase=after(state.life.phase, Move.DECIDE))
    return _with(state, intent=True), ()


def doubt_changed(policy: Policy, state: WatchState, event: events.DoubtChanged) -> Step:
    move = Move.DOUBT if event.in_doubt else Move.SETTLE
    if not allows(state.life.phase, move):
        return state, ()
    return _with(state, phase=after(state.life.phase, move)), ()


def executed(policy: Policy, state: WatchState, event: events.Executed) -> Step:
    """A verdict ends the watch. None: nothing took effect, the watch continues and may decide again."""
    if event.verdict is not None:
        return end(state, event.at, event.verdict, event.reason)
    said = _withdrawn(state, event.at, event.reason)
    phase = state.life.phase
    if phase is Phase.IN_DOUBT:
        phase = after(phase, Move.SETTLE)
    if phase is Phase.ROLLING_BACK:
        phase = after(phase, Move.WITHDRAW)
    return _unacted(_with(state, phase=phase, order=None, intent=False)), said


def end(state: WatchState, at: Micros, verdict: events.Verdict, reason: str) -> Step:
    phase = after(state.life.phase, Move.END)
    state = _with(state, phase=phase, verdict=verdict, verdict_at=at, reason=reason, order=None)
    return state, (Ended(at, verdict, reason),)


def order_stands(policy: Policy, state: WatchState) -> bool:
    """Whether the rollback that was decided is still wanted: its streak has not ended."""
    order = state.life.order
    return order is not None and (order.rule == BY_PERSON or _streak_of(policy, state, order) is not None)


def order_is_due(policy: Policy, state: WatchState) -> bool:
    """Whether it may be tried now: at the latest read of its metric it was still so."""
    order = state.life.order
    if order is None or order.rule == BY_PERSON:
        return order is not None
    streak = _streak_of(policy, state, order)
    track = state.seen.tracks[policy.places[order.rule.rpartition(".")[0]].index]
    return streak is not None and streak.stands(track.seen or 0)


def _decide(policy: Policy, state: WatchState, now: Micros) -> Step:
    """A firing rollback rule acts once per streak, and only on a breaching sample of this batch."""
    for number, rule, streak in _due(policy, state, now):
        state = _with_streak(state, number, streak._replace(acted=True))
        order = Order(rule.name, streak.first, streak.evidence)
        if state.life.mode is Mode.OBSERVE or not state.life.armed:
            return state, (WouldRollBack(now, rule.name, streak.first, streak.evidence),)
        if state.life.mode is Mode.AUTO:
            return _execute(state, now, order)
        phase = after(state.life.phase, Move.REQUEST)
        request = RequestApproval(now, rule.name, streak.first, streak.evidence)
        return _with(state, phase=phase, order=order), (request,)
    return state, ()


def _due(policy: Policy, state: WatchState, now: Micros) -> list[tuple[int, Rule, Streak]]:
    if not any(state.seen.streaks):
        return []
    return [
        (n, rule, streak)
        for n, (rule, streak) in enumerate(zip(policy.rules, state.seen.streaks, strict=True))
        if rule.action is Action.ROLLBACK
        and streak is not None
        and streak.firing
        and not streak.acted
        and streak.last_breach == now
    ]


def _execute(state: WatchState, at: Micros, order: Order) -> Step:
    state = _with(state, phase=after(state.life.phase, Move.DECIDE), order=order)
    return state, (ExecuteRollback(at, order.rule, order.since, order.evidence, order.by),)


def _end_by_time(policy: Policy, state: WatchState, now: Micros) -> Step:
    if has_succeeded(policy, state, now):
        return end(state, now, events.Verdict.SUCCEEDED, "all metrics were normal")
    if may_give_up(policy, state, now):
        withdrawn = _withdrawn(state, now, "gave up")
        reason = "; ".join(wanting(policy, state, now)) or "not all metrics were seen to be normal"
        state, said = end(state, now, events.Verdict.INCONCLUSIVE, reason)
        return state, withdrawn + said
    return state, ()


def _withdraw_if_over(state: WatchState) -> Step:
    """In `approve` the request is withdrawn with its streak."""
    order = state.life.order
    if state.life.phase is not Phase.AWAITING_APPROVAL or order is None:
        return state, ()
    if any(s is not None and s.firing and s.acted and s.first == order.since for s in state.seen.streaks):
        return state, ()
    said = _withdrawn(state, state.seen.at, "the streak ended")
    return _with(state, phase=after(state.life.phase, Move.WITHDRAW), order=None), said


def _withdrawn(state: WatchState, at: Micros, reason: str) -> tuple[Decision, ...]:
    order = state.life.order
    return () if order is None else (RollbackWithdrawn(at, order.rule, order.since, reason),)


def _clear_streaks(policy: Policy, state: WatchState, at: Micros, reason: str) -> Step:
    said = tuple(
        cleared(rule, streak, at, reason)
        for rule, streak in zip(policy.rules, state.seen.streaks, strict=True)
        if streak is not None
    )
    seen = state.seen
    counting = tuple(
        None if counting is None else begun(policy.places[metric], at, counting.proof)
        for metric, counting in zip(policy.metrics, seen.counting, strict=True)
    )
    seen = Seen(seen.at, seen.tracks, (None,) * len(policy.rules), counting, seen.late)
    coverage = end_abnormal(policy, state.coverage, said)
    return WatchState(state.started_at, seen, state.life, coverage), said


def _streak_of(policy: Policy, state: WatchState, order: Order) -> Streak | None:
    for rule, streak in zip(policy.rules, state.seen.streaks, strict=True):
        if rule.name == order.rule and streak is not None and streak.first == order.since:
            return streak
    return None


def _unacted(state: WatchState) -> WatchState:
    """Firing streaks may act again, at their next breaching sample."""
    seen = state.seen
    streaks = tuple(s._replace(acted=False) if s is not None and s.acted else s for s in seen.streaks)
    return WatchState(state.started_at, seen._replace(streaks=streaks), state.life, state.coverage)


def _with_streak(state: WatchState, number: int, streak: Streak) -> WatchState:
    streaks = (*state.seen.streaks[:number], streak, *state.seen.streaks[number + 1 :])
    return WatchState(state.started_at, state.seen._replace(streaks=streaks), state.life, state.coverage)


def _with(state: WatchState, **changes: object) -> WatchState:
    life: Life = replace(state.life, **changes)  # type: ignore[arg-type]  # field names are those of Life
    return WatchState(state.started_at, state.seen, life, state.coverage)


def _ignored(state: WatchState, at: Micros, control: str) -> Step:
    return state, (ControlIgnored(at, control, state.life.phase.value),)
