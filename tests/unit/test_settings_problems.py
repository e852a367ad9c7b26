"""Configurations that are refused: what is said, and on which line."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError, Problem
from monitor.settings import load
from monitor.settings.mending import stand_in
from monitor.settings.reference import all_keys
from monitor.settings.whole import WHOLE

CANARY = "canary-91aa"
ENV = {"SECRET": CANARY}
GOOD = """targets:
  shop:
    database: {dsn: "postgresql://db/shop"}
    metrics:
      error_rate: {json: {url: "http://app/stats", errors: errors, requests: requests}}
      response_time: {json: {url: "http://app/stats", value: time, unit: ms}}
"""


def problems(tmp_path: Path, text: str) -> tuple[Problem, ...]:
    """What is wrong with a file of this text."""
    path = tmp_path / "monitor.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, ENV)
    assert CANARY not in str(caught.value)
    return caught.value.problems


def only(tmp_path: Path, text: str) -> tuple[str, int | None, str]:
    """Place, line and sentence of the only problem."""
    (problem,) = problems(tmp_path, text)
    return problem.where, problem.line, problem.what


def test_the_nearest_of_the_values_that_there_are_is_named(tmp_path: Path) -> None:
    """As the nearest key is; of a value from outside the file nothing is said that would tell it."""
    text = GOOD.replace('json: {url: "http://app/stats", errors: errors, requests: requests}', "{}")
    wrong = 'prometheus: {url: "http://app/metrics", preset: %s}'
    assert "did you mean `fastapi`?" in only(tmp_path, text.replace("{{}}", f"{{{wrong % 'fastapy'}}}"))[2]
    assert "did you mean" not in only(tmp_path, text.replace("{{}}", f"{{{wrong % 'zzz'}}}"))[2]


def test_the_good_configuration_is_good(tmp_path: Path) -> None:
    """What the other tests break."""
    (tmp_path / "monitor.yaml").write_text(GOOD)
    assert list(load(tmp_path / "monitor.yaml", ENV).targets) == ["shop"]


@pytest.mark.parametrize(
    ("added", "where", "says"),
    [
        ("wach: {}", "wach", "did you mean `watch`?"),
        ("watch: {intervall: 5s}", "watch.intervall", "did you mean `interval`?"),
        ("watch: {zzz: 5s}", "watch.zzz", "known here: interval, fast_interval"),
        ("watch: {interval: 5}", "watch.interval", "`5` is not a duration"),
        ("watch: {interval: 0s}", "watch.interval", "is zero"),
        ("watch: {max_unobserved: 0.5}", "watch.max_unobserved", "`0.5` is not a percentage"),
        ("watch: {max_unobserved: 101%}", "watch.max_unobserved", "is more than 100%"),
        ("watch: {evidence: many}", "watch.evidence", "`many` is not a count"),
        ("watch: {evidence: 0}", "watch.evidence", "is too small"),
        ("watch: {evidence: .nan}", "watch.evidence", "is not a count"),
        ("watch: {evidence: true}", "watch.evidence", "`true` is not a count"),
        ("watch: {min_requests: 100}", "watch.min_requests", "is gone: remove it; counts are weighed by"),
        ("watch: {clear_for: 30s}", "watch.clear_for", "is gone: remove it; a streak of counts ends when"),
        ("watch: {max_quiet: 50%}", "watch.max_quiet", "is gone: remove it; success needs 3 / `normal_"),
        ("watch: [5s]", "watch", "must be a mapping of keys"),
        ("watch: {max_gap: 9s}", "watch.max_gap", "9s is under 2 × `watch.interval` (5s)"),
        ("watch: {blind_after: 29s}", "watch.blind_after", "29s is under `watch.max_gap` (30s)"),
        ("watch: {interval: 16s}", "watch.max_gap", "30s is under 2 × `watch.interval` (16s)"),
        ("watch: {fast_interval: 6s}", "watch.interval", "5s is under `watch.fast_interval` (6s)"),
        ("watch: {rate_window_max: 4s}", "watch.rate_window_max", "4s is under `watch.interval` (5s)"),
        ("watch: {warm_up: 25h}", "watch.success_after", "24h is under `watch.warm_up` (25h)"),
        ("rollback: {lock_budget: 1s}", "rollback.lock_budget", "1s is under `rollback.max_app_stall` (2s)"),
        ("store: {retention: 71h}", "store.retention", "71h is under `watch.give_up_after` (72h)"),
        ("store: {dsn: 'mysql://db'}", "store.dsn", "must begin with postgresql://"),
        ("store: {dsn: 'postgresql://u:p@db:x/d'}", "store.dsn", "ports from 1 to 65535"),
        ("store: {dsn: 'postgresql://a:1,[::1]:65536/d'}", "store.dsn", "ports from 1 to 65535"),
        (
            "thresholds: {error_rate: {rollback_above: 0.01}}",
            "thresholds.error_rate.rollback_above",
            "write a percentage",
        ),
        (
            "thresholds: {error_rate: {rollback_above: 5ms}}",
            "thresholds.error_rate.rollback_above",
            "5ms is a time",
        ),
        (
            "thresholds: {error_rate: {rollback_above: 101%}}",
            "thresholds.error_rate.rollback_above",
            "more than 100%",
        ),
        (
            "thresholds: {error_rate: {rollback_above: 0.09%}}",
            "thresholds.error_rate.rollback_above",
            "under `normal_below` (0.1%)",
        ),
        (
            "thresholds: {error_rate: {rollback_for: 4s}}",
            "thresholds.error_rate.rollback_for",
            "4s is under five of `watch.fast_interval` (5s)",
        ),
        (
            "thresholds: {connections: {rollback_above: 90, rollback_for: 24s}}",
            "thresholds.connections.rollback_for",
            "24s is under five of `watch.interval` (25s)",
        ),
        (
            "thresholds: {error_rate: {rollback_for: null}}",
            "thresholds.error_rate.rollback_for",
            "can't be null",
        ),
        (
            "thresholds: {error_rate: {normal_below: null}}",
            "thresholds.error_rate.normal_below",
            "can't be null",
        ),
        (
            "thresholds: {response_time: {normal_below: 200}}",
            "thresholds.response_time.normal_below",
            "write a time",
        ),
        (
            "thresholds: {connections: {normal_below: 60%}}",
            "thresholds.connections.normal_below",
            "write a plain number",
        ),
        (
            "thresholds: {connections: {rollback_for: 5m}}",
            "thresholds.connections.rollback_for",
            "no effect without `rollback_above`",
        ),
        (
            "thresholds: {connections: {investigate_for: 5m}}",
            "thresholds.connections.investigate_for",
            "no effect without",
        ),
        ("thresholds: {connections: 60}", "thresholds.connections", "must be a mapping of keys"),
        (
            "thresholds: {error_rate: {normal_below: 0%}}",
            "thresholds.error_rate.normal_below",
            "0% makes no value normal",
        ),
        (
            "thresholds: {connections: {normal_below: many}}",
            "thresholds.connections.normal_below",
            "`many` is not a limit",
        ),
        ("thresholds: {Mine: {normal_below: 1}}", "thresholds.Mine", "is no good name: use small letters"),
        ("thresholds: {mine: {normal_below: 1}}", "targets.shop.metrics", "no source for the metric `mine`"),
        ("server: {listen: 9878}", "server.listen", "must be text: put it in quotes"),
        ("server: {listen: ':9878'}", "server.listen", "is not HOST:PORT"),
        ("server: {listen: 'localhost:70000'}", "server.listen", "is not HOST:PORT"),
        ("server: {token: ''}", "server.token", "is empty"),
        ("server: {hosts: name}", "server.hosts", "must be a list"),
        ("server: {hosts: ['']}", "server.hosts[0]", "is empty"),
        ("alerts: [{}]", "alerts[0]", "exactly one of slack, pagerduty, webhook, log"),
        ("alerts: [{log: {}, webhook: {url: 'http://a', secret: s}}]", "alerts[0]", "exactly one of"),
        ("alerts: [{slack: {}}]", "alerts[0].slack", "give `webhook_url`, or `token` and `channel`"),
        (
            "alerts: [{slack: {token: t, channel: C1, webhook_url: 'http://a'}}]",
            "alerts[0].slack",
            "keep one of `webhook_url` and `token`",
        ),
        ("alerts: [{slack: {token: t}}]", "alerts[0].slack", "lacks `channel`"),
        ("alerts: [{slack: {webhook_url: 'http://a', channel: C1}}]", "alerts[0].slack", "lacks `token`"),
        (
            "alerts: [{slack: {webhook_url: 'hooks/x'}}]",
            "alerts[0].slack.webhook_url",
            "must begin with http://",
        ),
        ("alerts: [{pagerduty: {}}]", "alerts[0].pagerduty.routing_key", "is missing"),
        ("alerts: [{webhook: {url: 'http://a'}}]", "alerts[0].webhook.secret", "is missing"),
        ("alerts: [{log: {remind_every: 1}}]", "alerts[0].log.remind_every", "is not a duration"),
        ("alerts: [5]", "alerts[0]", "must be a mapping of keys"),
        ("alerts: {log: {}}", "alerts", "must be a list"),
        ("store: {retention: !!python/object 14d}", "store.retention", "has a YAML tag"),
        ("store: {dsn: '${NOT_SET}'}", "store.dsn", "the environment variable NOT_SET is not set"),
        ("store: {dsn: '${file:/no/such}'}", "store.dsn", "the file /no/such can't be read: No such file"),
        ("store: {dsn: '${file:secret}'}", "store.dsn", "needs an absolute path"),
        ("store: {dsn: '${file:${GONE}/x}'}", "store.dsn", "the environment variable GONE is not set"),
        ("store: {dsn: '${file:${a-b}/x}'}", "store.dsn", "neither ${VARIABLE} nor ${file:/path}"),
        ("store: {dsn: '${A-B}'}", "store.dsn", "write $${ for a literal ${"),
        ("store: {dsn: '${A'}", "store.dsn", "write $${ for a literal ${"),
        ("store: {dsn: '${SECRET}'}", "store.dsn", "the value filled in is not a connection URL"),
        ("watch: {interval: '${SECRET}'}", "watch.interval", "the value filled in is not a duration"),
        ("targets: {}", "targets", "is written twice, first on line 1"),
    ],
)
def test_a_mistake_is_told_with_place_line_and_remedy(
    tmp_path: Path, added: str, where: str, says: str
) -> None:
    """Exactly one problem for one mistake, on the line of the mistake."""
    place, line, what = only(tmp_path, f"{GOOD}{added}\n")
    assert place == where
    assert says in what
    assert line == (4 if where == "targets.shop.metrics" else 7)


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ('database: {dsn: "postgresql://db/shop"}', "database: {}", "database.dsn", "is missing"),
        ('{dsn: "postgresql://db/shop"}', "{dsn: 5}", "database.dsn", "must be text"),
        ('{dsn: "postgresql://db/shop"}', '{dsn: "${SECRET}"}', "database.dsn", "the value filled in"),
        ("value: time, unit: ms", "value: time", "metrics.response_time.json", "has no unit"),
        (
            "value: time, unit: ms",
            "value: time, unit: min",
            "metrics.response_time.json.unit",
            "must be one of",
        ),
        (
            "value: time, unit: ms",
            "value: time, unit: count",
            "metrics.response_time.json",
            "gives a count, but",
        ),
        (
            "value: time, unit: ms",
            "unit: ms",
            "metrics.response_time.json",
            "needs `errors` and `requests`, or `value`",
        ),
        (
            "errors: errors, requests: requests",
            "errors: errors",
            "metrics.error_rate.json",
            "needs `requests` too",
        ),
        (
            "errors: errors, requests",
            "unit: ratio, errors: errors, requests",
            "metrics.error_rate.json.unit",
            "no place beside",
        ),
        (
            "errors: errors, requests",
            "value: v, errors: e, requests",
            "metrics.error_rate.json",
            "only one of these",
        ),
        ("value: time", "value: ''", "metrics.response_time.json.value", "is empty"),
        (
            'json: {url: "http://app/stats", value: time',
            "json: {value: time",
            "metrics.response_time.json",
            "needs `url`, or `urls`",
        ),
        (
            'url: "http://app/stats", value',
            "urls: [http://a, http://a], value",
            "metrics.response_time.json.urls",
            "an address twice",
        ),
        (
            'url: "http://app/stats", value',
            "urls: [], value",
            "metrics.response_time.json.urls",
            "at least one entry",
        ),
        (
            'url: "http://app/stats", value',
            "urls: [http://a, 5], value",
            "metrics.response_time.json.urls[1]",
            "must be text",
        ),
        (
            'url: "http://app/stats", value',
            "url: 'ftp://a', value",
            "metrics.response_time.json.url",
            "is not an address",
        ),
        (
            'url: "http://app/stats", value',
            "url: 'http://a:x/', value",
            "metrics.response_time.json.url",
            "is not an address",
        ),
        ("response_time: {json", "response_time: {jsn", "metrics.response_time.jsn", "did you mean `json`?"),
        (
            "response_time: {json",
            "connections: {json",
            "metrics.connections",
            "comes from the target's database",
        ),
    ],
)
def test_a_mistake_in_a_target_is_told(tmp_path: Path, old: str, new: str, where: str, says: str) -> None:
    """Also below a target, the first problem of its line is the mistake itself."""
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new))
    assert any(
        p.where == f"targets.shop.{where}" and says in p.what and p.line in {3, 5, 6} for p in found
    ), found


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", None, "is missing: add it"),
        ("[]", 1, "must be a mapping of keys"),
        ("a: [", 1, "is not YAML"),
        ("a:\n  b: {c: ${D}}\n", 2, "inside {...} a value with ${...} needs quotes"),
        ("a: 1\n---\nb: 1\n", 2, "is not YAML"),
        ("a: *b\n", 1, "is not YAML"),
        ("a: \x01\n", None, "a character that YAML does not allow"),
        ("a: " + "[" * 3000 + "]" * 3000, None, "nested too deeply"),
        ("a: &a [*a]\n", 1, "nested too deeply"),
        ("#" * (1 << 20) + "\n", None, "is over 1 MiB"),
    ],
    ids=["empty", "list", "open", "hole", "two", "alias", "control", "deep", "cycle", "big"],
)
def test_what_is_no_configuration_at_all_is_told(
    tmp_path: Path, text: str, line: int | None, says: str
) -> None:
    """Never a traceback, whatever the file holds."""
    found = problems(tmp_path, text)
    assert any(p.line == line and says in p.what for p in found), found


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    """Nine lines of aliases of aliases would otherwise be a billion values."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert any("aliases repeat it too often" in p.what for p in problems(tmp_path, "\n".join(lines)))


def test_a_file_that_is_not_there_names_the_remedy(tmp_path: Path) -> None:
    """The first thing a newcomer sees."""
    with pytest.raises(ConfigError, match=r"no such file: write one with `migration-monitor init"):
        load(tmp_path / "none.yaml", {})
    with pytest.raises(ConfigError, match=r"can't be read: Is a directory"):
        load(tmp_path, {})


def test_bytes_that_are_not_utf_8_are_told_with_their_line(tmp_path: Path) -> None:
    """In the file and in what is filled in."""
    path = tmp_path / "monitor.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigError, match=r"line 2: is not UTF-8"):
        load(path, {})
    (tmp_path / "secret").write_bytes(b"\xff")
    path.write_text(GOOD + f"server: {{token: '${{file:{tmp_path}/secret}}'}}")
    with pytest.raises(ConfigError, match=r"line 7: server.token: the file .* is not UTF-8"):
        load(path, {})


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """One run, all lines, in order; a mistake inside a section does not hide those of others."""
    text = """targets:
  shop:
    database: {dsn: 5}
    metrics:
      error_rate: {prometheus: {urls: ["http://a"], preset: fastapi, errors: x}}
      response_time: {json: {url: "ftp://a", value: time}}
  "bad name": {database: {dsn: "postgresql://x"}}
thresholds:
  error_rate: {normal_below: 0.1, rollback_fro: 5m}
  error_rate: {}
watch:
  interval: 5
  max_gap: 3s
  blind_after: 2s
alerts:
  - slack: {webhook_url: "${NOT_SET}"}
  - {}
serve: {}
"""
    assert [p.line for p in problems(tmp_path, text)] == [3, 5, 6, 6, 7, 9, 9, 10, 12, 14, 16, 17, 18]


def test_a_broken_key_is_not_told_twice(tmp_path: Path) -> None:
    """What would follow from it is not known."""
    assert len(problems(tmp_path, GOOD + "watch: {interval: x, max_gap: 1s}\n")) == 1


def test_every_required_key_has_a_stand_in() -> None:
    """Without one, a missing key would hide the problems around it."""
    required = [key.path for key in all_keys() if not key.default]
    places = [path.replace("<name>", "x").replace("[]", ".0").split(".") for path in required]
    locs = [tuple(int(part) if part == "0" else part for part in place) for place in places]
    assert [loc for loc in locs if stand_in(WHOLE, loc) is None] == []


def test_a_source_without_limits_is_a_problem_and_one_that_null_removed_is_not(tmp_path: Path) -> None:
    """What is configured is read, or said not to be."""
    queue = '      queue: {json: {url: "http://app/stats", value: depth, unit: count}}\n'
    where, _, what = only(tmp_path, GOOD + queue)
    assert (where, "has no limits" in what) == ("targets.shop.metrics.queue", True)
    (tmp_path / "monitor.yaml").write_text(GOOD + queue + "thresholds: {queue: null}\n")
    assert "queue" not in load(tmp_path / "monitor.yaml", ENV).policy("shop").metrics


@pytest.mark.parametrize(
    ("key", "text", "use"),
    [
        ("errors", "sum(errors_total)", "write `errors_total`"),
        ("requests", "sum by (job) (requests_total)", "write `requests_total`"),
        ("errors", "rate(errors_total[5m])", "name the counter with its labels, as errors: "),
    ],
)
def test_an_expression_is_no_counter(tmp_path: Path, key: str, text: str, use: str) -> None:
    """A sum would turn a process that restarts into errors; the form to use is said, with the line."""
    keys = {"errors": "errors_total", "requests": "requests_total", key: text}
    lines = "".join(f"          {k}: {v}\n" for k, v in keys.items())
    written = f'promql:\n          url: "http://prometheus:9090"\n{lines}'
    counted = GOOD.replace(
        '{json: {url: "http://app/stats", errors: errors, requests: requests}}', f"\n        {written}"
    )
    where, line, what = only(tmp_path, counted)
    assert where == f"targets.shop.metrics.error_rate.promql.{key}"
    assert line == (8 if key == "errors" else 9)
    assert use in what
