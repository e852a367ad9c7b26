"""A chart's words can be read: none lies on another, on a line, or on what is drawn."""

from __future__ import annotations

import re
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from monitor.report.charts import LEFT, LINE, TOP, WIDTH, Chart, svg
from monitor.report.labels import CHARACTER, ROWS, Label, placed
from monitor.units import Kind

WORDS = ("decided", "asked", "rolled back", "would roll back")

moments = st.lists(st.tuples(st.floats(200, 640), st.sampled_from(WORDS)), max_size=12)


def overlap(a: Label, b: Label) -> bool:
    return a.row == b.row and a.left < b.right and b.left < a.right


def crosses(line: Label, label: Label) -> bool:
    """A line reaches up to its own row only."""
    return bool(line.word) and line.row >= label.row and label.left < line.x < label.right


@given(moments)
def test_no_label_lies_on_another_or_on_a_line(marks: list[tuple[float, str]]) -> None:
    """However close the moments are."""
    said = [label for label in placed(marks) if label.word]
    assert not [(a, b) for a, b in combinations(said, 2) if overlap(a, b)]
    assert not [(a, b) for a in said for b in said if crosses(a, b)]
    assert all(label.row < ROWS for label in said)


@given(moments)
def test_every_moment_has_its_line(marks: list[tuple[float, str]]) -> None:
    """A word is left out where there is no room; the moment is not."""
    assert sorted(label.x for label in placed(marks)) == sorted(x for x, _ in marks)


def test_decided_and_rolled_back_within_a_second_stand_above_each_other() -> None:
    """Both words, ending left of their lines."""
    decided, back = placed([(300.0, "decided"), (300.4, "rolled back")])
    assert (decided.row, back.row) == (0, 1)
    assert decided.right < decided.x


def test_a_word_at_the_left_edge_is_not_cut_off() -> None:
    """It stands right of its line then."""
    (label,) = placed([(62.0, "would roll back")])
    assert label.left >= 0
    assert label.right == CHARACTER * len("would roll back")


def points(*at: float) -> list[dict[str, float | int]]:
    return [{"at": t, "low": 0.02, "high": 0.02, "missing": 0, "quiet": 0} for t in at]


def chart(**more: object) -> str:
    given: dict[str, object] = {
        "name": "error_rate", "kind": Kind.RATIO, "since": 0.0, "until": 60.0, "step": 1.0,
        "points": points(*range(0, 41, 5)), "limits": {"normal_below": 0.001}, **more,
    }  # fmt: skip
    return svg(Chart(**given))  # type: ignore[arg-type]


def test_labels_stand_above_the_plot() -> None:
    """Its upper end makes room for as many rows as there are."""
    marks = [(40.0, "decided"), (40.1, "rolled back"), (20.0, "asked")]
    drawn = chart(until=50.0, marks=marks, streaks=[(1.0, 2.0)])
    (ceiling,) = re.findall(r'<rect class="streak" x="[\d.]+" y="(\d+)"', drawn)
    said = {word: int(y) for y, word in re.findall(r'y="(\d+)" text-anchor="end">([a-z ]+)<', drawn)}
    assert int(ceiling) == TOP + 2 * LINE
    assert said == {"asked": 32, "decided": 32, "rolled back": 32 - LINE}


def test_what_came_after_the_rollback_is_ground_line_and_word_of_its_own() -> None:
    """Joined to what came before, and not counted as unseen."""
    drawn = chart(after=points(45.0, 50.0, 55.0, 60.0), ended=40.0, gap=30.0)
    (left,) = re.findall(r'<rect class="after" x="([\d.]+)"', drawn)
    assert float(left) == round(LEFT + 40 / 60 * (WIDTH - LEFT - 120), 1)
    assert drawn.count('class="high later"') == drawn.count('class="high"') == 1
    assert ">after the rollback</text>" in drawn
    assert "highest 2 %, after the rollback 2 %" in drawn
    assert 'class="none"' not in drawn


def test_samples_further_apart_than_the_step_are_joined_up_to_the_longest_gap() -> None:
    """A short watch has steps of a second, and a sample every five."""
    assert 'class="none"' not in chart(until=40.0, gap=30.0)
    assert chart(until=40.0, gap=1.0).count('class="none"') == 8
