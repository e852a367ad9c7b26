"""What was normal before a migration, and the limit that it led to: as JSON and as a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.core.baseline import Baseline
from monitor.ports import Json
from monitor.units import Kind, show_value


@dataclass(frozen=True, slots=True)
class Normal:
    """Of one metric. `documented`: the rollback limit of the policy, `limit`: the watch's own."""

    metric: str
    found: Baseline
    documented: float
    limit: float
    kind: Kind = Kind.RATIO

    def said(self) -> str:
        """`error_rate was 0.8 % before it (…): it acts above 1.42 % instead of 1 %`."""
        counts = f"{self.found.errors:,.0f} of {self.found.requests:,.0f} requests"
        seen = f"{self.metric} was {self._show(self.found.ratio)} before it ({counts})"
        if self.limit == self.documented:
            return f"{seen}: it acts above {self._show(self.limit)}, as documented"
        return f"{seen}: it acts above {self._show(self.limit)} instead of {self._show(self.documented)}"

    def to_json(self) -> Json:
        """ratio, bound, counts, both limits, and all that in words."""
        return {
            "ratio": self.found.ratio,
            "bound": self.found.bound,
            "errors": self.found.errors,
            "requests": self.found.requests,
            "documented": self.documented,
            "limit": self.limit,
            "said": self.said(),
        }

    def _show(self, value: float) -> str:
        return show_value(self.kind, value)
