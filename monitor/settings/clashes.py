"""A finding about several keys: what they must say together and do not."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.settings.document import Loc


def within(loc: Loc, section: Loc) -> bool:
    """Whether `loc` is `section` or something in it."""
    return loc[: len(section)] == section


@dataclass(frozen=True, slots=True)
class Clash:
    """A problem at `loc`. It is not told when one of the keys in `stands_on` is broken already."""

    loc: Loc
    what: str
    stands_on: tuple[Loc, ...]

    def moot(self, broken: set[Loc]) -> bool:
        """One mistake is one problem."""
        return any(
            within(self.loc, bad) or any(within(key, bad) or within(bad, key) for key in self.stands_on)
            for bad in broken
        )
