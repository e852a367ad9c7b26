"""What a watch began with: its limits after the baseline, and why it may not act by itself yet.

Found once, when the watch is adopted, and stored with it, so that a restart changes neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from monitor.core import codec
from monitor.core.baseline import Baseline, movable, with_limits
from monitor.core.beginning import Beginning, Past, Standing, afresh, begin, follow, watching
from monitor.core.samples import Micros, Reading
from monitor.core.thresholds import Mode, Policy
from monitor.ports import Json
from monitor.present.baselines import Normal
from monitor.units import Kind


class Opening:
    """`policy`: the target's. The watch's own, with its limits, is the attribute."""

    def __init__(self, policy: Policy, found: Beginning, *, for_life: bool = False) -> None:
        self.policy = found.policy
        self.baselines = found.baselines
        self.standing = found.standing
        self.for_life = for_life  # an older program found it breaching, and followed nothing
        self._found = found
        self._documented = policy

    @classmethod
    def new(cls, policy: Policy, started_at: Micros, past: Past) -> Opening:
        return cls(policy, begin(policy, started_at, past))

    @classmethod
    def stored(cls, policy: Policy, stored: Mapping[str, Any]) -> Opening:
        """As `memory` gave it; with `baseline: off` every limit is as written from now on."""
        known = baselines_from(stored) if policy.baseline else {}
        baselines = {metric: found for metric, found in known.items() if movable(policy, metric)}
        own = with_limits(policy, baselines)
        found = Beginning(own, baselines, _standing(own, stored.get("standing")))
        for_life = bool(stored.get("already_breaching")) and "standing" not in stored
        return cls(policy, found, for_life=for_life)

    def mode(self, asked: Mode) -> Mode:
        """The mode that is in effect at first."""
        return self._found.mode(asked)

    def follow(self, at: Micros, readings: Sequence[Reading]) -> None:
        """Takes a round in, as long as something from before stands."""
        if self.standing is not None:
            self.standing = follow(self.policy, self.standing, at, readings)

    def afresh(self, at: Micros) -> None:
        """A rollback of ours took effect on the target."""
        if self.standing is not None:
            self.standing = afresh(self.policy, self.standing, at)

    def over(self, now: Micros) -> bool:
        """True once: what was wrong before is over for a whole hold."""
        if self.standing is None or not self.standing.over(now):
            return False
        self.standing = None
        return True

    @property
    def rules(self) -> tuple[str, ...]:
        """Those that had fired before the migration and stand."""
        return () if self.standing is None else tuple(self.standing.since)

    def moved(self) -> dict[str, float]:
        """metric -> its rollback limit on this watch, where that is not the documented one."""
        limits = {metric: self._limit(self.policy, metric) for metric in self.baselines}
        return {m: limit for m, limit in limits.items() if limit != self._limit(self._documented, m)}

    def memory(self) -> Json:
        standing = self.standing
        if self.for_life:
            return {"already_breaching": True}
        return {
            "baseline": {metric: asdict(found) for metric, found in self.baselines.items()},
            "standing": standing
            and {
                "state": codec.dump(watching(self.policy), standing.state),
                "since": dict(standing.since),
                "rearm_at": standing.rearm_at,
            },
        }

    def normals(self, kinds: Mapping[str, Kind]) -> dict[str, Normal]:
        """metric -> what was normal before, the documented limit and the watch's own."""
        return {
            metric: Normal(
                metric, found, self._limit(self._documented, metric), self._limit(self.policy, metric),
                kinds.get(metric, Kind.RATIO),
            )
            for metric, found in self.baselines.items()
        }  # fmt: skip

    @staticmethod
    def _limit(policy: Policy, metric: str) -> float:
        return policy.places[metric].threshold.rollback_above or 0.0


def baselines_from(stored: Mapping[str, Any]) -> dict[str, Baseline]:
    """Those in what `memory` gave."""
    return {metric: Baseline(**found) for metric, found in stored.get("baseline", {}).items()}


def _standing(policy: Policy, stored: Mapping[str, Any] | None) -> Standing | None:
    state = None if stored is None else codec.load(watching(policy), stored["state"])
    if stored is None or state is None:
        return None
    return Standing(state, stored["since"], stored["rearm_at"])
