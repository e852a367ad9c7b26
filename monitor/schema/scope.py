"""Where names without a schema are looked for, and what has them there: a value that catalogue.py reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """`path`: schemas of the search_path that are there, in order and quoted.

    `relations`: name as written (a key) -> labels of all that it could mean, in that order; `known`: (sort,
    name) of functions and their like -> schema -> how many.
    """

    path: tuple[str, ...]
    relations: Mapping[str, tuple[str, ...]]
    known: Mapping[tuple[str, str], Mapping[str, int]]

    def elsewhere(self, sort: str, name: str, but: str) -> Iterator[str]:
        """Schemas of the path that have it too."""
        there = self.known.get((sort, name), {})
        return (schema for schema in self.path if schema in there and schema != but)
