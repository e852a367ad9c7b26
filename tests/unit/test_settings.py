"""Configurations that load, and what they come to."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from monitor.core.samples import MINUTE, SECOND
from monitor.core.thresholds import DOCUMENTED, Policy, Threshold
from monitor.errors import ConfigError
from monitor.settings import Settings, doubts, load, load_policy
from monitor.sources.json_document import JsonSource
from monitor.sources.prometheus import PrometheusSource

CANARY = "canary-5c1f"
ENV = {
    "SHOP_DSN": f"postgresql://poller:{CANARY}@db/shop",
    "SHOP_OWNER_DSN": f"postgresql://owner:{CANARY}@db/shop",
    "SLACK_WEBHOOK_URL": f"https://hooks.example.com/{CANARY}",
    "PAGERDUTY_KEY": CANARY,
    "WEBHOOK_SECRET": f"whsec_{CANARY}",
    "MONITOR_TOKEN": CANARY,
}
WHOLE = """
targets:
  shop:
    database:
      dsn: ${SHOP_DSN}                  # polling: a pg_monitor role
      rollback_dsn: ${SHOP_OWNER_DSN}   # owner role; default: dsn
    metrics:
      error_rate:
        prometheus: {urls: ["http://127.0.0.1:8000/metrics"], preset: fastapi}
      response_time:
        json: {url: "http://127.0.0.1:8000/stats", value: response_time_ms, unit: ms}
    thresholds: {}                      # overrides for this target
thresholds:                             # the documented defaults; need not be written
  error_rate:    {normal_below: 0.1%, rollback_above: 1%, rollback_for: 5m}
  response_time: {normal_below: 200ms, investigate_above: 500ms, investigate_for: 5m}
  connections:   {normal_below: 60}
  query_latency: {normal_below: 100ms}
watch: {interval: 5s, fast_interval: 1s, rate_requests: 500, rate_window_max: 5m, max_gap: 30s,
        blind_after: 2m, evidence: 9, warm_up: 0s, warn_for: 1m, success_after: 24h,
        success_tolerance: 1%, max_unobserved: 5%, give_up_after: 72h}
rollback: {max_app_stall: 2s, max_locked: 2s, lock_budget: 2m, verify_for: 10m}
alerts:
  - slack: {webhook_url: "${SLACK_WEBHOOK_URL}"}
  - pagerduty: {routing_key: "${PAGERDUTY_KEY}", url: "https://events.pagerduty.com/v2/enqueue"}
  - webhook: {url: "https://…", secret: "${WEBHOOK_SECRET}"}     # Standard Webhooks signature
server: {listen: "127.0.0.1:9878", token: "${MONITOR_TOKEN}"}
store: {}                               # dsn: default the target's rollback_dsn
"""
SMALL = """
targets:
  shop:
    database: {dsn: "postgresql://db/shop"}
    metrics:
      error_rate: {json: {url: "http://app/stats", errors: errors, requests: requests}}
      response_time: {json: {url: "http://app/stats", value: time, unit: ms}}
"""


def loaded(tmp_path: Path, text: str, env: dict[str, str] | None = None) -> Settings:
    """The settings that a file of this text gives."""
    path = tmp_path / "monitor.yaml"
    path.write_text(text)
    return load(path, ENV if env is None else env)


def test_the_whole_configuration_loads(tmp_path: Path) -> None:
    """Every key of the documented configuration is understood."""
    settings = loaded(tmp_path, WHOLE)
    shop = settings.targets["shop"]
    assert (shop.dsn, shop.rollback_dsn) == (ENV["SHOP_DSN"], ENV["SHOP_OWNER_DSN"])
    assert [alert.kind for alert in settings.alerts] == ["slack", "pagerduty", "webhook"]
    assert settings.server.address == ("127.0.0.1", 9878)
    assert settings.policy("shop") == Policy()


def test_what_is_not_written_is_as_documented(tmp_path: Path) -> None:
    """The small configuration comes to the same watch, rollback and server as the whole one."""
    small, whole = loaded(tmp_path, SMALL), loaded(tmp_path, WHOLE)
    assert small.policy("shop") == Policy()
    assert (small.watch, small.rollback, small.server.listen) == (
        whole.watch,
        whole.rollback,
        whole.server.listen,
    )


def test_sources_are_what_the_file_says(tmp_path: Path) -> None:
    """One kind each, with its addresses in plain text for the probe."""
    metrics = loaded(tmp_path, WHOLE).targets["shop"].metrics
    errors, times = metrics["error_rate"].keys, metrics["response_time"].keys
    assert isinstance(errors, PrometheusSource)
    assert (errors.preset, errors.addresses) == ("fastapi", ("http://127.0.0.1:8000/metrics",))
    assert isinstance(times, JsonSource)
    assert (times.value, times.unit, times.addresses) == (
        "response_time_ms",
        "ms",
        ("http://127.0.0.1:8000/stats",),
    )


def test_no_secret_is_in_any_repr(tmp_path: Path) -> None:
    """Settings can be printed by accident."""
    settings = loaded(tmp_path, WHOLE)
    assert CANARY not in repr(settings) + str(settings)


def test_settings_are_frozen(tmp_path: Path) -> None:
    """What was checked stays as it was checked."""
    settings = loaded(tmp_path, SMALL)
    with pytest.raises(ValueError, match="frozen"):
        settings.watch.interval = 1


def test_the_rollback_dsn_and_the_store_default_to_what_is_there(tmp_path: Path) -> None:
    """rollback_dsn is dsn, the store's is the rollback's, unless they are written."""
    small = loaded(tmp_path, SMALL)
    assert small.targets["shop"].rollback_dsn == small.store_dsn("shop") == "postgresql://db/shop"
    assert loaded(tmp_path, WHOLE).store_dsn("shop") == ENV["SHOP_OWNER_DSN"]
    moved = loaded(tmp_path, SMALL + "store: {dsn: 'postgresql://elsewhere/m'}")
    assert moved.store_dsn("shop") == "postgresql://elsewhere/m"


def threshold(settings: Settings, metric: str) -> Threshold:
    """The threshold of a metric on the only target."""
    return next(t for t in settings.policy("shop").thresholds if t.metric == metric)


def test_a_key_under_a_target_overrides_only_itself(tmp_path: Path) -> None:
    """The other limits of the metric stay, the top level's before the documented ones."""
    settings = loaded(
        tmp_path,
        SMALL
        + "    thresholds: {error_rate: {rollback_above: 3%}, response_time: {warn_for: 2m}}\n"
        + "thresholds: {error_rate: {rollback_above: 2%, rollback_for: 10m}}\nwatch: {warn_for: 30s}\n",
    )
    assert threshold(settings, "error_rate") == Threshold(
        "error_rate", 0.001, 30 * SECOND, rollback_above=0.03, rollback_for=10 * MINUTE
    )
    assert threshold(settings, "response_time").warn_for == 2 * MINUTE
    assert threshold(settings, "connections").warn_for == 30 * SECOND


def test_null_removes_a_metric_or_an_action(tmp_path: Path) -> None:
    """`connections: null` is not watched; `rollback_above: null` leaves the rest of the metric."""
    text = "    thresholds: {connections: null, error_rate: {rollback_above: null}}\n"
    settings = loaded(tmp_path, SMALL + text)
    assert settings.policy("shop").metrics == ("error_rate", "response_time", "query_latency")
    assert threshold(settings, "error_rate").rollback_above is None


def test_a_target_gives_a_removed_metric_back(tmp_path: Path) -> None:
    """What the top level removes, a target may write anew."""
    text = "    thresholds: {connections: {normal_below: 80}}\nthresholds: {connections: null}\n"
    assert threshold(loaded(tmp_path, SMALL + text), "connections").normal_below == 80


def test_a_metric_of_ones_own_has_the_kind_of_its_limits(tmp_path: Path) -> None:
    """Times are held in milliseconds, whatever they are written in."""
    text = SMALL + (
        "      job_wait: {sql: {query: select 1, unit: s}}\n"
        "      queue: {promql: {url: 'http://prometheus', query: q, unit: count}}\n"
        "thresholds: {job_wait: {normal_below: 0.5s, rollback_above: 2s}, queue: {normal_below: 60}}\n"
    )
    settings = loaded(tmp_path, text)
    assert threshold(settings, "job_wait") == Threshold("job_wait", 500.0, rollback_above=2000.0)
    assert threshold(settings, "queue") == Threshold("queue", 60.0)


@pytest.mark.parametrize(
    "source",
    [
        "prometheus: {url: 'http://a', requests: r, errors: e}",
        "prometheus: {urls: ['http://a', 'http://b'], value: v, unit: percent, requests: r}",
        "promql: {url: 'http://a', errors: e, requests: r, headers: {Authorization: '${MONITOR_TOKEN}'}}",
        "http_check: {url: 'http://a', method: HEAD}",
        "sql: {query: select 0.1, unit: ratio, without_counts: true}",
        "json: {url: 'http://a', value: v, unit: ratio, requests: r, timestamp: at}",
    ],
)
def test_a_ratio_comes_from_any_kind_of_source(tmp_path: Path, source: str) -> None:
    """Counters, declared ratios and requests of our own all measure an error rate."""
    text = SMALL.replace('json: {url: "http://app/stats", errors: errors, requests: requests}', source)
    assert loaded(tmp_path, text).targets["shop"].metrics["error_rate"].keys.measures == "ratio"


@pytest.mark.parametrize(
    "source",
    [
        "prometheus: {url: 'http://a', histogram: h_seconds, quantile: 0.95}",
        "prometheus: {url: 'http://a', preset: fastapi, quantile: 0.5}",
        "http_check: {url: 'http://a', measure: time}",
        "sql: {query: select 1, unit: ms}",
    ],
)
def test_a_time_comes_from_any_kind_of_source(tmp_path: Path, source: str) -> None:
    """Histograms, declared times and requests of our own all measure a response time."""
    text = SMALL.replace('json: {url: "http://app/stats", value: time, unit: ms}', source)
    assert loaded(tmp_path, text).targets["shop"].metrics["response_time"].keys.measures == "time"


def test_text_is_filled_from_environment_and_files(tmp_path: Path) -> None:
    """`$${` is a literal `${`; a file's last line break is left out; nothing is filled twice."""
    (tmp_path / "secret").write_text("from-file\n")
    text = SMALL + f"server: {{token: 'a${{X}}-${{file:{tmp_path}/secret}}-$${{X}}'}}"
    token = loaded(tmp_path, text, {"X": "${Y}"}).server.token
    assert token is not None
    assert token.get_secret_value() == "a${Y}-from-file-${X}"


def test_a_files_path_may_hold_variables(tmp_path: Path) -> None:
    """As systemd's $CREDENTIALS_DIRECTORY; what the file says is not filled again."""
    (tmp_path / "token").write_text("${Y}")
    text = SMALL + "server: {token: '${file:${DIRECTORY}/token}'}"
    token = loaded(tmp_path, text, {"DIRECTORY": str(tmp_path)}).server.token
    assert token is not None
    assert token.get_secret_value() == "${Y}"


def test_numbers_may_come_from_the_environment(tmp_path: Path) -> None:
    """`${...}` in any text, also where a number or a duration is wanted."""
    text = SMALL + "watch: {evidence: '${N}', interval: '${I}'}"
    policy = loaded(tmp_path, text, {"N": "7", "I": "2s"}).policy("shop")
    assert (policy.evidence, policy.interval) == (7, 2 * SECOND)


def test_yaml_is_1_2(tmp_path: Path) -> None:
    """`on` is a name, not true; anchors are understood."""
    text = SMALL.replace("  shop:", "  on:", 1) + "alerts: [{log: &l {remind_every: 5m}}, {log: *l}]\n"
    settings = loaded(tmp_path, text)
    assert list(settings.targets) == ["on"]
    assert [a.channel.remind_every for a in settings.alerts] == [5 * MINUTE] * 2


def test_replay_needs_only_thresholds_and_watch(tmp_path: Path) -> None:
    """Nothing else of the file is looked into: its variables need not be set."""
    path = tmp_path / "policy.yaml"
    own = "thresholds: {error_rate: {rollback_above: 2%}, mine: {normal_below: 5}}"
    path.write_text(f"{own}\nwatch: {{interval: 1s}}")
    policy = load_policy(path, {})
    assert policy.interval == SECOND
    assert policy.metrics == (*(t.metric for t in DOCUMENTED), "mine")
    path.write_text(WHOLE)
    assert load_policy(path, {}) == Policy()


def test_replay_refuses_an_unknown_section(tmp_path: Path) -> None:
    """A slip of the pen is not silence."""
    path = tmp_path / "policy.yaml"
    path.write_text("threshold: {}\nwatch: {interval: 5}\n")
    with pytest.raises(ConfigError) as caught:
        load_policy(path, {})
    assert [p.line for p in caught.value.problems] == [1, 2]
    assert "did you mean `thresholds`?" in str(caught.value)


def test_every_time_of_the_watch_reaches_the_policy(tmp_path: Path) -> None:
    """No key of `watch` is read and then forgotten on the way to the core."""
    text = SMALL + (
        "watch: {interval: 2s, max_gap: 11s, blind_after: 13s, evidence: 17,"
        " warm_up: 23s, success_after: 29h, success_tolerance: 2%, max_unobserved: 3%,"
        " give_up_after: 31h, warn_for: 37s, baseline: 3h}"
    )
    written, default = loaded(tmp_path, text).policy("shop"), Policy()
    names = {f.name for f in dataclasses.fields(Policy)} - {"metrics", "places"}
    same = {name for name in names if getattr(written, name) == getattr(default, name)}
    assert same == set()


def test_what_is_not_written_follows_the_interval(tmp_path: Path) -> None:
    """Nobody is refused for a default of a key that he did not write."""
    slow = (
        "watch: {interval: 10m, max_gap: 20m, blind_after: 20m}\n"
        "thresholds: {error_rate: {rollback_for: 30m}}"
    )
    quick = "watch: {interval: 500ms, max_gap: 1s, blind_after: 1s}"
    (tmp_path / "slow.yaml").write_text(SMALL + slow)
    (tmp_path / "quick.yaml").write_text(SMALL + quick)
    found = load(tmp_path / "slow.yaml", {}).watch, load(tmp_path / "quick.yaml", {}).watch
    assert [(w.fast, w.longest_window) for w in found] == [
        (SECOND, 10 * MINUTE), (SECOND // 2, 5 * MINUTE),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("watch", "told"),
    [
        ("{give_up_after: 24h}", []),
        (
            "{give_up_after: 10m}",
            [(
                "watch.give_up_after",
                "10m is under `watch.success_after` (24h): every watch ends inconclusive, none can succeed; "
                "at least 24h",
            )],
        ),
    ],
)  # fmt: skip
def test_a_watch_that_can_not_succeed_is_told_not_refused(
    tmp_path: Path, watch: str, told: list[tuple[str, str]]
) -> None:
    """It guards until it gives up."""
    (tmp_path / "some.yaml").write_text(f"watch: {watch}")
    assert load_policy(tmp_path / "some.yaml", {}).give_up_after
    (tmp_path / "whole.yaml").write_text(f"{SMALL}watch: {watch}")
    assert doubts(load(tmp_path / "whole.yaml", {})) == told
