"""A plan as an ordered sequence of groups, and how far it has come. Pure values.

A transactional group takes effect whole or not at all; a statement that can't run in a transaction is a
group of its own. The last group is always transactional, if need be without a statement: it checks the
whole and writes what came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from monitor.sql.scripts import Statement


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger says: `done` leading statements took effect, the next one was perhaps `started`."""

    done: int = 0
    started: bool = False
    concluded: bool = False  # the effect's event row is there
    alien: bool = False  # its rows are not of the registered plan

    @property
    def begun(self) -> bool:
        """Something took effect, or may have: from here on the plan is finished, not given back."""
        return self.done > 0 or self.started


NOTHING = Standing()


@dataclass(frozen=True, slots=True)
class Group:
    """`number` is 1-based, `start` the number of statements before it."""

    number: int
    start: int
    statements: tuple[Statement, ...]
    transactional: bool
    last: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.statements)

    @property
    def steps(self) -> frozenset[int]:
        return frozenset(s.step for s in self.statements)

    def is_done(self, standing: Standing) -> bool:
        """A group without statements leaves no step: its mark is the effect's row."""
        return standing.done >= self.end and (bool(self.statements) or standing.concluded)


def groups_of(statements: Sequence[Statement]) -> tuple[Group, ...]:
    """Runs of transactional statements, single statements outside, and the end."""
    found: list[Group] = []
    for transactional, run in groupby(statements, key=lambda s: s.transactional):
        for members in [tuple(run)] if transactional else [(s,) for s in run]:
            start = found[-1].end if found else 0
            found.append(Group(len(found) + 1, start, members, transactional))
    if not found or not found[-1].transactional:
        found.append(Group(len(found) + 1, len(statements), (), True))
    return (*found[:-1], replace(found[-1], last=True))


def next_group(groups: Sequence[Group], standing: Standing) -> Group | None:
    """The first that has not taken effect; None: all have."""
    return next((g for g in groups if not g.is_done(standing)), None)


def standing_of(
    statements: Sequence[Statement], rows: Sequence[tuple[int, str, str]], concluded: bool
) -> Standing:
    """From the ledger's rows `(step, sha256, state)` in order; each must be the plan's own."""
    same = [(s.step, s.sha256) for s in statements[: len(rows)]]
    states = [state for _, _, state in rows]
    done = states.count("done")
    if same != [(step, sha256) for step, sha256, _ in rows] or "done" in states[done:]:
        return Standing(alien=True)
    return Standing(done, done < len(rows), concluded)


def half_done(standing: Standing, of: int) -> str:
    """Which of a plan's `of` statements took effect and which did not, for people."""
    done = standing.done
    took = ["no statement", "statement 1"][done] if done < 2 else f"statements 1-{done}"
    if done == of:
        return f"{took} took effect, but its end was not written down"
    left = f"statement {of}" if done == of - 1 else f"statements {done + 1}-{of}"
    perhaps = f" (statement {done + 1} was begun)" if standing.started else ""
    return f"{took} took effect, {left} did not{perhaps}"
