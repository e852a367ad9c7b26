"""A registration that was refused: nothing watches its migration, and somebody should know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitor.core.samples import Micros


class Via(StrEnum):
    """Who asked: a person who reads the refusal, or a program that may not."""

    TERMINAL = "terminal"
    PIPELINE = "pipeline"
    API = "api"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reasons`: a sentence each, without values of the SQL."""

    migration: str
    reasons: tuple[str, ...]
    by: str
    via: Via


@dataclass(frozen=True, slots=True)
class Refused:
    """One as it is stored. `watched_since`: the migration was registered after it; `open`: is watched now."""

    id: int
    at: Micros
    refusal: Refusal
    watched_since: bool
    open: bool = False
