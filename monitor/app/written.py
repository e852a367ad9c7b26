"""What is wrong with a configuration as it is written, that only those know who will read it.

Handed to `settings.load`, so that each of it has its line and is told in one run with everything else.
Nothing outside this machine is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.app.sources import spec_of
from monitor.probes import prometheus
from monitor.settings import Clash, Settings
from monitor.tls import Identity, Unusable


def of_sources(settings: Settings) -> Iterator[Clash]:
    """Selectors that are none, and presets that don't have what is asked of them."""
    for target, configured in settings.targets.items():
        for metric, source in configured.metrics.items():
            if set(source.written()) != {"prometheus"}:
                continue
            at = ("targets", target, "metrics", metric, "prometheus")
            told = {fault.key for fault in source.spec.faults()}
            for key, what in prometheus.faults(spec_of("prometheus", source.spec)):
                if key not in told and (key or not told):  # one mistake is one problem
                    yield Clash((*at, key) if key else at, what, ((*at, key) if key else at,))


def of_files(settings: Settings) -> Iterator[Clash]:
    """Certificates that can't be used from here: for the commands that will need them."""
    try:
        Identity(settings.tls.files)
    except Unusable as e:
        yield Clash(("tls", e.key), e.what, (("tls",),))
