"""How a page writes the status of a response, and whether what is asked for could ever be written so. Pure.

`status="500"` on a page that says 2xx, 4xx, 5xx holds for nothing, today and in an outage: 0 % for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from monitor.sources.selectors import Matcher, Selector

OF_STATUS = re.compile(r"status|code", re.IGNORECASE)
"""Names of labels that hold one; of others nobody knows which values are still to come."""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One way to write a status: what it looks like, all that can be written so, how to ask for 5xx."""

    looks: re.Pattern[str]
    every: tuple[str, ...]
    failed: str

    @property
    def example(self) -> str:
        """Of what did not fail."""
        return next(value for value in self.every if value.startswith("2"))


FORMS = (
    Form(re.compile(r"[1-5]\d\d"), tuple(map(str, range(100, 600))), '=~"5.."'),
    Form(re.compile(r"[1-5]xx"), tuple(f"{n}xx" for n in range(1, 6)), '="5xx"'),
    Form(re.compile(r"[1-5]XX"), tuple(f"{n}XX" for n in range(1, 6)), '="5XX"'),
)


def impossible(errors: Sequence[Selector], requests: Sequence[tuple[str, Mapping[str, str]]]) -> str:
    """Why one of the selectors can hold for no answer of these (name, labels), with what to write; or ""."""
    for selector in errors:
        mine = [labels for name, labels in requests if selector.names(name)]
        for matcher in selector.matchers:
            values = {labels[matcher.label] for labels in mine if labels.get(matcher.label)}
            form = _form(values) if OF_STATUS.search(matcher.label) else None
            if form is not None and _is_of_another(matcher, form):
                written = f"`{matcher.label}` is written as {form.example} here"
                lost = "the errors ask for another form: no error would ever be counted"
                return f"{written}, and {lost}; write {matcher.label}{form.failed}"
    return ""


def _form(values: Iterable[str]) -> Form | None:
    """That of these values; None where they have none, or several. Numbers beside it, as a 0, are no form."""
    found = [form for form in FORMS if any(map(form.looks.fullmatch, values))]
    others = [value for value in values if not any(form.looks.fullmatch(value) for form in FORMS)]
    return found[0] if len(found) == 1 and all(value.isdecimal() for value in others) else None


@lru_cache(maxsize=256)  # the selectors are those of the configuration; every read of every page asks
def _is_of_another(matcher: Matcher, form: Form) -> bool:
    """What holds for no form at all, as a code of the application's own, may still come."""
    if any(matcher.holds({matcher.label: value}) for value in form.every):
        return False
    return any(matcher.holds({matcher.label: value}) for other in FORMS for value in other.every)
