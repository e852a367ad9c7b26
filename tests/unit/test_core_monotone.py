"""In worlds without chance, a worse or a busier one is found no later."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.replays import core, fired, line, policy, told

INTERVAL = 5.0
HALF_A_BLOCK = 30.0
A_BLOCK = 60.0
INCIDENT = 360
"""Reads: half an hour."""

EXAMPLES = examples(60)

calms = st.integers(0, 90)
backgrounds = st.sampled_from([0.0, 0.0005, 0.002])
shares = st.sampled_from([0.0105, 0.012, 0.015, 0.02, 0.03, 0.05, 0.1, 0.3, 0.7, 1.0])
traffics = st.floats(0.5, 500)
"""Requests of a read."""


def found(requests: float, calm: int, background: float, share: float) -> float | None:
    """When the rollback rule fires in a world of exactly these shares, whatever the fractions of an error."""
    reads = [background] * calm + [share] * INCIDENT
    lines = [
        line(INTERVAL * n, "error_rate", errors=requests * failing, requests=requests)
        for n, failing in enumerate(reads, 1)
    ]
    at = fired(told(core, policy(), lines), "error_rate.rollback")
    assert all(isinstance(x, float) for x in at)
    return float(str(at[0])) if at else None


@EXAMPLES
@given(calms, backgrounds, shares, traffics, st.floats(1, 100))
def test_more_traffic_never_makes_an_outage_unfindable_or_later(
    calm: int, background: float, share: float, requests: float, times: float
) -> None:
    """Fractions of an error must not matter: by rounding their sum may be more than all requests."""
    before, after = (found(r, calm, background, share) for r in (requests, requests * times))
    assert before is None or (after is not None and after <= before + HALF_A_BLOCK)


@EXAMPLES
@given(calms, backgrounds, shares, traffics, st.floats(1, 20))
def test_more_errors_never_make_a_decision_later(
    calm: int, background: float, share: float, requests: float, times: float
) -> None:
    """By more than part of a block: in one that began calm, a high ratio is spoken for a few reads later."""
    worse = min(1.0, share * times)
    before, after = (found(requests, calm, background, s) for s in (share, worse))
    assert before is None or (after is not None and after <= before + HALF_A_BLOCK)


def fires_in(requests: float, calm: int, parts: list[tuple[int, float]]) -> float | None:
    """When it fires in a world of exact parts: so many reads, and the share of them that fails."""
    shares = [0.0] * calm + [share for many, share in parts for _ in range(many)]
    shares += [parts[-1][1]] * (calm + INCIDENT - len(shares))
    lines = [
        line(INTERVAL * n, "error_rate", errors=requests * share, requests=requests)
        for n, share in enumerate(shares, 1)
    ]
    at = fired(told(core, policy(), lines), "error_rate.rollback")
    return float(str(at[0])) if at else None


@EXAMPLES
@given(
    calms, st.sampled_from([25, 100, 500]), st.sampled_from([0.015, 0.02, 0.03, 0.1, 0.5]),
    st.integers(1, 90), st.floats(1, 100),
)  # fmt: skip
def test_more_errors_from_any_moment_on_never_make_a_decision_later(
    calm: int, requests: float, share: float, reads: int, times: float
) -> None:
    """By more than a block: what a block could not tell counts only from where it got worse."""
    before = fires_in(requests, calm, [(reads, share)])
    after = fires_in(requests, calm, [(reads, share), (1, min(1.0, share * times))])
    assert before is None or (after is not None and after <= before + A_BLOCK)


def test_every_request_failing_is_found_whatever_fractions_are_summed() -> None:
    """0.015 errors at each of 64 reads, and then 7.5 of 7.5: by rounding these are more than all requests."""
    assert found(7.5, 64, 0.002, 1.0) == 625
