"""What is wrong with a configuration as it is written, that only those know who will read it.

Handed to `settings.load`, so that each of it has its line and is told in one run with everything else.
Nothing outside this machine is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from monitor.errors import OperatorError
from monitor.settings import Clash, Settings
from monitor.settings.document import Loc
from monitor.tls import Identity, Unusable


def of_outlets(settings: Settings) -> Iterator[Clash]:
    """Channels and hooks that the daemon could not open, as for a secret of no use.

    They are opened as it opens them, and thrown away: until something is sent nobody is asked.
    """
    for number, alert in enumerate(settings.alerts):
        if len(alert.written()) == 1 and not [*alert.channel.faults()]:
            at: Loc = ("alerts", number, alert.kind)
            yield from _unopened(at, partial(alert.channel.open, alert.kind, _nowhere))
    for target, configured in settings.targets.items():
        places = {"before_rollback": configured.before_rollback, "after_rollback": configured.after_rollback}
        for place, hooks in places.items():
            for number, hook in enumerate(hooks):
                if len(hook.written()) == 1:
                    at = ("targets", target, place, number, hook.kind)
                    yield from _unopened(at, partial(hook.open, _nowhere))


def _unopened(at: Loc, opened: Callable[[], object]) -> Iterator[Clash]:
    try:
        opened()
    except OperatorError as e:
        yield Clash(at, str(e), (at,))


async def _nowhere(*_: object, **__: object) -> tuple[int, Mapping[str, str], bytes]:
    """For what is opened only to see whether it can be."""
    raise AssertionError("what was only opened sends nothing")


def of_files(settings: Settings) -> Iterator[Clash]:
    """Certificates that can't be used from here: for the commands that will need them."""
    try:
        Identity(settings.tls.files)
    except Unusable as e:
        yield Clash(("tls", e.key), e.what, (("tls",),))
