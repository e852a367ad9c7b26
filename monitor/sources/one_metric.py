"""What every probe of a single metric says of itself."""

from __future__ import annotations


class OneMetric:
    """A probe that is named after the one metric it reads."""

    _metric: str

    @property
    def name(self) -> str:
        return self._metric

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self._metric,)
