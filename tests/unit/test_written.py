"""What only those know who will read a source: told with everything else, each on its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.app import written
from monitor.errors import ConfigError, Problem
from monitor.settings import load

TEXT = """targets:
  shop:
    database: {{dsn: "postgresql://db/shop"}}
    metrics:
      error_rate: {{json: {{url: "http://app/stats", errors: errors, requests: requests}}}}
      response_time:
        prometheus:
          url: "http://app/metrics"
          {keys}
{more}
"""


def told(folder: Path, keys: str, more: str = "") -> list[Problem]:
    """Everything that is wrong with the configuration."""
    path = folder / "monitor.yaml"
    path.write_text(TEXT.format(keys=keys, more=more))
    try:
        load(path, {}, also=(written.of_files,))
    except ConfigError as e:
        return list(e.problems)
    return []


@pytest.mark.parametrize(
    ("keys", "key", "says"),
    [
        ("value: 'max(up)'\n          unit: ms", ".value", "which only a Prometheus server answers"),
        ("histogram: 'a{b}'\n          quantile: 0.9\n          unit: s", ".histogram", 'label="value"'),
        ("mean: 'rate(a_seconds[5m])'\n          unit: s", ".mean", "which only a Prometheus server answers"),
        (
            "preset: haproxy\n          quantile: 0.95",
            "",
            "knows no durations: instead of the preset name them",
        ),
        ("preset: haproxy\n          mean: true", "", "knows no durations: instead of the preset name them"),
    ],
)
def test_what_a_page_can_not_give_is_refused_on_its_line(
    tmp_path: Path, keys: str, key: str, says: str
) -> None:
    """PromQL, half a condition, a preset without durations: as any other mistake of the file."""
    (problem,) = told(tmp_path, keys)
    assert says in problem.what
    assert problem.where == f"targets.shop.metrics.response_time.prometheus{key}"
    assert problem.line == (9 if key else 7)


def test_selectors_of_a_list_are_each_looked_at(tmp_path: Path) -> None:
    """Of counters, where several are added up, the second may be the wrong one."""
    keys = "requests: [a_total, 'sum(b_total)']\n          errors: c_total"
    found = told(tmp_path, keys, "thresholds: {response_time: null}")
    assert [(p.where.rpartition(".")[2], p.line) for p in found] == [("requests", 9)]


COUNTED = "thresholds: {response_time: {normal_below: 1%, investigate_above: null}}"


@pytest.mark.parametrize("kind", ["prometheus", "promql"])
@pytest.mark.parametrize(
    ("requests", "errors", "apart"),
    [
        ('r{job="shop"}', 'r{job="shp",status=~"5.."}', "job"),
        ('r{job="a.b"}', 'r{job=~"a.c|x",status=~"5.."}', "job"),
        ('r{job="shop"}', 'r{job!="shop",status=~"5.."}', "job"),
        ('r{job="shop"}', 'r{job=~"sh.p",status=~"5.."}', ""),
        ('r{job=~"shop|x"}', 'r{job="shp",status=~"5.."}', ""),
        ('r{job="shop"}', 'e{job="shp"}', ""),
        ("r", 'r{job="shp"}', ""),
    ],
)
def test_errors_that_can_be_none_of_the_requests_are_refused(
    tmp_path: Path, kind: str, requests: str, errors: str, apart: str
) -> None:
    """A slip of the pen in one of both would be 0 % for ever."""
    keys = f"requests: '{requests}'\n          errors: '{errors}'"
    path = tmp_path / "monitor.yaml"
    path.write_text(TEXT.format(keys=keys, more=COUNTED).replace("prometheus:", f"{kind}:"))
    try:
        load(path, {})
        found = []
    except ConfigError as e:
        found = [
            (p.where.rpartition(".")[2], p.line) for p in e.problems if f"another {apart} than" in p.what
        ]
    assert found == ([("errors", 10)] if apart else [])


def test_it_is_told_in_one_run_with_all_else(tmp_path: Path) -> None:
    """A source that can't be read hides no certificate that is not there, and neither hides a wrong key."""
    absent = tmp_path / "absent.pem"
    more = f"tls:\n  ca_file: {absent}\nwatch:\n  max_gap: 1s"
    found = told(tmp_path, "value: 'sum(up)'\n          unit: ms", more)
    assert {(p.where.rpartition(".")[2], p.line) for p in found} == {
        ("value", 9),
        ("ca_file", 12),
        ("max_gap", 14),
    }


def test_promql_is_told_beside_a_unit_that_is_missing(tmp_path: Path) -> None:
    """Both are wrong, and neither is told by the other's remedy."""
    found = [p.what for p in told(tmp_path, "value: 'sum(rate(x[5m]))'")]
    assert len(found) == 2
    assert any("only a Prometheus server answers" in what for what in found)


@pytest.mark.parametrize("keys", ["mean: true", "histogram: a_seconds", "value: a", "preset: haproxy"])
def test_one_mistake_is_one_problem(tmp_path: Path, keys: str) -> None:
    """What the settings refuse by themselves is not said again in other words."""
    assert len(told(tmp_path, keys)) == 1


def test_a_good_file_has_nothing_to_tell(tmp_path: Path) -> None:
    """Presets, several selectors, a gauge."""
    for keys in (
        "preset: fastapi\n          quantile: 0.95",
        "value: a_seconds",
        "mean: 'a_seconds{b=\"c\"}'",
    ):
        assert told(tmp_path, keys) == []
