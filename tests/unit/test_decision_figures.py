"""What is written about the measurements is what was measured, and says no more than its numbers allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.decision.cells import DAY, INCIDENT, OURS, RULES, SUCCESS, UNMOVED, Cell, Result, cells, measured
from tests.decision.claims import CLAIMS, Judged, Verdict, judged
from tests.decision.figures import Figures, Fired, figures, highest, lowest, restored, stored
from tests.decision.tables import BEGIN, END, MEASURED, PAGES, Measured, loaded, page, whole
from tests.worlds import PROOF


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_shows_the_figures_that_were_measured(path: object) -> None:
    """`make decision` writes both."""
    text = next(p for p in PAGES if p == path).read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    assert text == page(next(p for p in PAGES if p == path), loaded())


def test_the_figures_are_of_every_cell_and_of_seeds_for_proving() -> None:
    kept = loaded()
    assert set(kept.figures) == set(cells())
    assert kept.seed >= PROOF
    assert all(f.many == cell.share(kept.many) for cell, f in kept.figures.items())


def test_no_line_of_the_page_says_that_it_does_not_hold() -> None:
    assert [cell.name for _, cell, found in judged(loaded().figures) if found.verdict is Verdict.BROKEN] == []


def test_the_same_seed_measures_the_same() -> None:
    """Written down once, of a day and an incident of seeds for trying."""
    day = measured(Cell(DAY, "background 0.5 %", 300), 3)
    broken = measured(Cell(INCIDENT, "5 % fail", 300), 3)
    assert day.fired == {
        OURS: None,
        UNMOVED: None,
        "Prometheus rate[1m]": None,
        "Prometheus rate[5m]": 55680,
        "CloudWatch 5 of 5": None,
        "burn rate": 72990,
        "Argo": 1020,
        "Flagger": 1560,
    }
    assert broken.fired == {
        OURS: 328,
        UNMOVED: 328,
        "Prometheus rate[1m]": 315,
        "Prometheus rate[5m]": 360,
        "CloudWatch 5 of 5": 300,
        "burn rate": 1110,
        "Argo": 240,
        "Flagger": 300,
    }


def test_every_claim_is_about_cells_that_are_measured() -> None:
    known = set(cells())
    assert [cell for claim in CLAIMS for cell in claim.cells() if cell not in known] == []


def test_figures_are_kept_as_they_are() -> None:
    found = loaded().figures
    assert restored(stored(found)) == found
    assert MEASURED.exists()


# ------------------------------------------------------------ counting


def _result(seed: int, at: int | None, errors: float = 100) -> Result:
    return Result(seed, dict.fromkeys(RULES, at), errors)


def test_figures_of_an_incident_part_before_early_and_found() -> None:
    cell = Cell(INCIDENT, "5 % fail", 300)
    results = [_result(n, at) for n, at in enumerate((-20, 299, 300, 331, None))]
    after_a_blip = replace(_result(5, 255), blip=True)
    found = figures(cell, [*results, after_a_blip, _result(6, 500, errors=19)])
    assert (found.many, found.loud) == (7, 6)
    assert found.rules[OURS] == Fired(6, before=1, early=1, found=5, loud=4, median=300)


def test_figures_of_a_day_count_every_firing() -> None:
    found = figures(Cell(DAY, "retry storms", 300), [_result(n, at) for n, at in enumerate((5, None, None))])
    assert found.rules[OURS] == Fired(1)
    assert found.per_thousand(OURS) == pytest.approx(333.3, abs=0.1)


@pytest.mark.parametrize(
    ("found", "many", "share"),
    [(0, 10, 0.2589), (0, 300, 0.00994), (0, 1000, 0.002991), (1, 100, 0.04656), (10, 10, 1.0)],
)
def test_what_a_share_may_be_at_most(found: int, many: int, share: float) -> None:
    """None of n: 1 - 0.05^(1/n), about three in n."""
    assert highest(found, many) == pytest.approx(share, rel=1e-3)
    assert lowest(many - found, many) == pytest.approx(1 - share, rel=1e-3)


# ------------------------------------------------------------ judging


def _judged(says: str, cell: Cell, found: Figures) -> Judged:
    """The first claim with these words, on these figures."""
    return next(j for claim, of, j in judged({cell: found}) if claim.says.startswith(says) and of == cell)


def _of(
    many: int, rule: str = OURS, cleared: tuple[int, ...] = (), succeeded: int = 0, **fired: int
) -> Figures:
    rules: Mapping[str, Fired] = {OURS: Fired(), UNMOVED: Fired(), rule: replace(Fired(), **fired)}
    return Figures(many, many, rules, cleared, succeeded)


@pytest.mark.parametrize(("fired", "many", "verdict"), [(0, 1, Verdict.HOLDS), (1, 1000, Verdict.BROKEN)])
def test_none_is_none(fired: int, many: int, verdict: Verdict) -> None:
    cell = Cell(DAY, "background 0.2 %", 300)
    assert _judged("no false rollback", cell, _of(many, fired=fired)).verdict is verdict


@pytest.mark.parametrize(
    ("fired", "verdict"), [(3, Verdict.HOLDS), (4, Verdict.UNSHOWN), (8, Verdict.BROKEN)]
)
def test_a_small_share_is_broken_by_more_than_chance_only(fired: int, verdict: Verdict) -> None:
    """Of 1,000 days at most 3: with 4 the true share may be 3, with 8 hardly."""
    cell = Cell(DAY, "background 0.5 %", 5)
    assert _judged("… at 0.5 %", cell, _of(1000, fired=fired)).verdict is verdict


@pytest.mark.parametrize(
    ("found", "verdict"), [(95, Verdict.HOLDS), (92, Verdict.UNSHOWN), (89, Verdict.BROKEN)]
)
def test_a_share_that_must_be_found(found: int, verdict: Verdict) -> None:
    cell = Cell(INCIDENT, "5 % every other minute", 300)
    assert _judged("5 % in every other", cell, _of(100, found=found)).verdict is verdict


def test_all_is_all() -> None:
    cell = Cell(INCIDENT, "100 % fail", 5)
    assert _judged("a total outage is always", cell, _of(50, loud=50)).verdict is Verdict.HOLDS
    assert _judged("a total outage is always", cell, _of(50, loud=49)).verdict is Verdict.BROKEN


def test_a_median_is_told_of_those_that_are_found() -> None:
    cell = Cell(INCIDENT, "100 % fail", 300)
    for median, found, verdict in (
        (330.0, 3, Verdict.HOLDS),
        (331.0, 3, Verdict.UNSHOWN),
        (331.0, 100, Verdict.BROKEN),
        (None, 0, Verdict.UNSHOWN),
    ):
        told = _of(100, median=median, found=found)  # type: ignore[arg-type]  # a field of its own kind
        assert _judged("… half of them within", cell, told).verdict is verdict


def test_a_streak_that_lasts_too_long_is_one_too_many() -> None:
    cell = Cell(INCIDENT, "100 % for 20 min", 300)
    assert _judged("a streak that fired", cell, _of(2, cleared=(120, 135))).verdict is Verdict.HOLDS
    assert _judged("a streak that fired", cell, _of(2, cleared=(120, 136))).verdict is Verdict.BROKEN


def test_days_that_should_succeed() -> None:
    cell = Cell(SUCCESS, "background 0.05 %", 20)
    assert _judged("a day of 0.05 %", cell, _of(10, succeeded=9)).verdict is Verdict.HOLDS
    assert _judged("a day of 0.05 %", cell, _of(10, succeeded=3)).verdict is Verdict.BROKEN


def test_the_table_of_claims_parts_levels_with_different_verdicts() -> None:
    cell, other = Cell(DAY, "background 0.2 %", 5), Cell(DAY, "background 0.2 %", 20)
    everything = {**loaded().figures, cell: _whole(0), other: _whole(1)}
    rows = [
        line for line in whole(Measured(PROOF, 10, everything)).splitlines() if "no false rollback" in line
    ]
    assert [row.rsplit(" | ", 1)[1] for row in rows if "0.2 %" in row.split(" | ")[1]] == [
        "holds |",
        "does not hold |",
        "holds |",
    ]


def _whole(fired: int) -> Figures:
    return Figures(10, 0, dict.fromkeys(RULES, Fired(fired)))
