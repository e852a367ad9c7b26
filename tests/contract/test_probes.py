"""Every kind of HTTP source keeps the port's promises: real answers, hostile ones, restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from monitor.core.samples import SECOND, NoData, Reading, Sample, judge
from monitor.errors import OperatorError
from monitor.net import Net
from monitor.ports import Probe, problem
from monitor.ports.probes import Windowed
from monitor.sources.counters import Rates
from monitor.sources.endpoints import Pace
from monitor.sources.http_check import HttpCheckProbe, HttpCheckSpec
from monitor.sources.json_document import JsonProbe, JsonSpec
from monitor.sources.prometheus import PrometheusProbe, PrometheusSpec
from monitor.sources.promql import PromqlProbe, PromqlSpec
from tests import peers

NOW = 1_700_000_000 * SECOND
PACE = Pace(deadline=1.0, rates=Rates())


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    made = Net()
    yield made
    await made.aclose()


async def reads(probe: Probe, times: int = 2) -> Reading:
    """The last of some reads, five seconds apart; each yields a reading of each metric."""
    found: Sequence[Reading] = ()
    for n in range(times):
        found = await probe.read(NOW + n * 5 * SECOND)
        assert tuple(r.metric for r in found) == probe.metrics
    return found[0]


def make(kind: str, url: str, net: Net) -> Probe:
    """A value probe of each kind."""
    made: dict[str, Probe] = {
        "json": JsonProbe("m", JsonSpec((url,), value="v", unit="ms"), PACE, net),
        "counters": JsonProbe("error_rate", JsonSpec((url,), errors="e", requests="v"), PACE, net),
        "prometheus": PrometheusProbe("m", PrometheusSpec((url,), value="v", unit="ms"), PACE, net),
        "promql": PromqlProbe("m", PromqlSpec((url,), query="v"), PACE, net),
    }
    return made[kind]


KINDS = ["json", "counters", "prometheus", "promql"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "behaviour",
    [
        peers.answering("", status="500 No"),
        peers.answering("", status="302 Found"),
        peers.endless_body,
        peers.many_headers,
        peers.raw(b"nonsense\r\n\r\n"),
        peers.silent,
        peers.answering(""),
        peers.answering("<html>hello</html>"),
        peers.answering(b"\xff\xfe\x00"),
        peers.answering('{"v": NaN, "e": 0}'),
        peers.answering('{"v": Infinity, "e": 0}'),
        peers.answering('{"v": 1e999, "e": 0}'),
        peers.answering('{"v": -1, "e": 0}'),
        peers.answering('{"v": "1", "e": 0}'),
        peers.answering('{"v": true, "e": 0}'),
        peers.answering('{"v": null, "e": 0}'),
        peers.answering('{"v": 1, "v": 2, "e": 0}'),
        peers.answering('{"v": [1], "e": 0}'),
        peers.answering("[" * 100_000),
        peers.answering('\ufeff{"v": 1, "e": 0}'),
        peers.answering("v NaN\n"),
        peers.answering("v +Inf\n"),
        peers.answering("v -1\n"),
        peers.answering("v x\n"),
        peers.answering("v 1_000\n"),
        peers.answering("v 1\nv 2\n"),
        peers.answering('v{a="1"\n'),
        peers.answering('v{a="1",a="2"} 1\n'),
        peers.answering(b'v{a="\xff"} 1\n'),
        peers.answering("\ufeffv 1\n"),
        peers.answering('{"status":"success","data":{"resultType":"vector","result":[]}}'),
        peers.answering('{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"NaN"]}]}}'),
        peers.answering('{"v": 1, "e": 0}', headers="Age: 31\r\n"),
        peers.answering("v 1\n", headers="Date: Tue, 14 Nov 2023 22:12:00 GMT\r\n"),
    ],
)
@pytest.mark.fault(25, 26, 27, 28)
async def test_nothing_hostile_becomes_a_value(net: Net, kind: str, behaviour: peers.Behaviour) -> None:
    """Faults 25 to 28: failed NoData with a reason, never an exception, never quiet."""
    async with peers.listening(behaviour) as peer:
        reading = (await make(kind, peer.url, net).read(NOW))[0]
    found = judge(NOW, reading)
    assert isinstance(found, NoData)
    assert found.reason
    assert not found.quiet
    assert str(peer.port) not in found.reason


async def test_a_json_value_is_taken_in_its_unit(net: Net) -> None:
    """Seconds become milliseconds."""
    async with peers.listening(peers.answering('{"a": {"p95": 0.25}}')) as peer:
        probe = JsonProbe("m", JsonSpec((peer.url,), value="a.p95", unit="s"), PACE, net)
        assert (await reads(probe)).value == 250


async def test_a_percentage_is_a_ratio(net: Net) -> None:
    """0.7 % is 0.007, exactly."""
    async with peers.listening(peers.answering('{"v": 0.7}')) as peer:
        probe = JsonProbe("error_rate", JsonSpec((peer.url,), value="v", unit="percent"), PACE, net)
        assert (await reads(probe)).value == 0.007


async def test_of_several_instances_the_slowest_value_is_taken(net: Net) -> None:
    """Latencies are never averaged."""
    async with (
        peers.listening(peers.answering('{"v": 1}')) as a,
        peers.listening(peers.answering('{"v": 9}')) as b,
    ):
        probe = JsonProbe("m", JsonSpec((a.url, b.url), value="v", unit="ms"), PACE, net)
        assert (await reads(probe)).value == 9


def counters(requests: int, errors: int) -> str:
    return json.dumps({"requests": requests, "errors": errors})


async def test_json_counters_become_a_rate_as_they_are(net: Net) -> None:
    """Whether the page counts our own reads is not known, and not guessed."""
    async with peers.listening(peers.answering(counters(5, 0), counters(1005, 10))) as peer:
        spec = JsonSpec((peer.url,), errors="errors", requests="requests")
        reading = await reads(JsonProbe("error_rate", spec, PACE, net))
    assert reading == Reading("error_rate", 0.01, errors=10, requests=1000)


async def test_the_documents_own_time_tells_that_it_is_stale(net: Net) -> None:
    """Fault 28: as a number and as RFC 3339; exactly `max_gap` old is fresh."""
    for moment, value in (
        (NOW / SECOND - 30, 1),
        (NOW / SECOND - 30.001, None),
        ("2023-11-14T22:13:00Z", 1),
        ("2023-11-14T22:12:00Z", None),
        ("2023-11-14T22:13:00", None),
    ):
        async with peers.listening(peers.answering(json.dumps({"v": 1, "t": moment}))) as peer:
            probe = JsonProbe("m", JsonSpec((peer.url,), value="v", timestamp="t"), PACE, net)
            assert (await probe.read(NOW))[0].value == value


@pytest.mark.parametrize(("missing", "reason"), [(1, ""), (2, "instances_missing")])
async def test_a_minority_of_instances_may_be_missing(net: Net, missing: int, reason: str) -> None:
    """Two of three are enough, one is not."""
    async with (
        peers.listening(peers.answering('{"v": 1}')) as up,
        peers.listening(peers.answering('{"v": 2}')) as other,
        peers.listening(peers.answering("", status="503 No")) as down,
    ):
        second = other.url if missing == 1 else down.url.replace("metrics", "too")
        probe = JsonProbe("m", JsonSpec((up.url, second, down.url), value="v"), PACE, net)
        assert (await reads(probe)).reason == reason
        gauges = {g.name: g.value for g in probe.gauges()}
    assert gauges == {"probe_instances": 3, "probe_instances_answering": 3 - missing}


PAGE = """# HELP http_requests_total Total
# TYPE http_requests_total counter
http_requests_total_created 1
http_requests_total{{handler="/",method="GET",status="2xx"}} {good}
http_requests_total{{handler="/a \\"b\\" {{c}}",status="5xx",}} {bad} # {{trace_id="x"}} 1 1.0
http_requests_total{{handler="/metrics",method="GET",status="2xx"}} {own}
process_start_time_seconds {start}
# EOF
"""


def page(good: int, bad: int, own: int = 0, start: int = 1) -> str:
    return PAGE.format(good=good, bad=bad, own=own, start=start)


async def test_a_preset_counts_requests_and_errors_without_the_metrics_path(net: Net) -> None:
    """99 good and 1 bad; 500 reads of the metrics page are left out."""
    async with peers.listening(peers.answering(page(0, 0), page(99, 1, 500))) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset="fastapi"), PACE, net)
        assert await reads(probe) == Reading("error_rate", 0.01, errors=1, requests=100)


async def test_a_new_process_drops_the_delta(net: Net) -> None:
    """Its counters may even be higher."""
    async with peers.listening(peers.answering(page(0, 0), page(99, 1, start=2))) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset="fastapi"), PACE, net)
        assert (await reads(probe)).reason == "instance_changed"


async def test_own_selectors_are_read(net: Net) -> None:
    """With all four operators and escapes."""
    async with peers.listening(peers.answering(page(0, 0), page(100, 3))) as peer:
        spec = PrometheusSpec(
            (peer.url,),
            requests='http_requests_total{handler!="/metrics",method!~"POST|PUT"}',
            errors='http_requests_total{status=~"5..", handler="/a \\"b\\" {c}"}',
        )
        reading = await reads(PrometheusProbe("error_rate", spec, PACE, net))
    assert (reading.errors, reading.requests) == (3, 103)


HISTOGRAM = """
h_bucket{{le="0.1"}} {a}
h_bucket{{le="1.0"}} {b}
h_bucket{{le="+Inf"}} {b}
"""


async def test_a_quantile_is_that_of_all_instances_together(net: Net) -> None:
    """Summed buckets: 90 fast requests on one and 10 slow on the other."""
    empty = HISTOGRAM.format(a=0, b=0)
    async with (
        peers.listening(peers.answering(empty, HISTOGRAM.format(a=90, b=90))) as fast,
        peers.listening(peers.answering(empty, HISTOGRAM.format(a=0, b=10))) as slow,
    ):
        spec = PrometheusSpec((fast.url, slow.url), histogram="h", quantile=0.95, unit="s")
        assert (await reads(PrometheusProbe("m", spec, PACE, net))).value == pytest.approx(550)


async def test_promql_counters_and_values_are_read(net: Net) -> None:
    """A vector of one and a scalar."""
    answer = '{"data":{"resultType":"vector","result":[{"metric":{},"value":[1700000000,"0.03"]}]}}'
    scalar = '{"status":"success","data":{"resultType":"scalar","result":[1700000000,"2"]}}'
    for body, value in ((answer, 0.03), (scalar, 2)):
        async with peers.listening(peers.answering(body)) as peer:
            assert (await make("promql", peer.url, net).read(NOW))[0].value == value


async def test_a_check_counts_its_own_failures(net: Net) -> None:
    """503 is an error, 404 an answer; a dead application is an error, not a gap."""
    async with peers.listening(peers.answering("", status="404 No")) as peer:
        probe = HttpCheckProbe("error_rate", HttpCheckSpec((peer.url,)), PACE, net)
        assert (await probe.read(NOW))[0] == Reading("error_rate", 0.0, errors=0, requests=1)
    reading = (await probe.read(NOW + 5 * SECOND))[0]
    assert reading == Reading("error_rate", 0.5, errors=1, requests=1)


async def test_a_silent_instance_neither_hides_the_others_nor_its_own_failure(net: Net) -> None:
    """Its request ends before the read does, which the daemon cancels as a whole at the same deadline."""
    async with peers.listening(peers.answering('{"v": 1}')) as up, peers.listening(peers.silent) as down:
        value = JsonProbe("m", JsonSpec((up.url, down.url), value="v"), PACE, net)
        check = HttpCheckProbe("error_rate", HttpCheckSpec((down.url,)), PACE, net)
        async with asyncio.timeout(PACE.deadline):
            readings = [await value.read(NOW)]
        async with asyncio.timeout(PACE.deadline):
            readings.append(await check.read(NOW))
    assert readings == [[Reading("m", 1.0)], [Reading("error_rate", 1.0, errors=1, requests=1)]]


async def test_a_check_measures_time(net: Net) -> None:
    """Milliseconds of one request; without an answer there is not a time."""
    async with peers.listening(peers.answering("", status="204 No")) as peer:
        probe = HttpCheckProbe("m", HttpCheckSpec((peer.url,), measure="time", method="HEAD"), PACE, net)
        assert isinstance(judge(NOW, (await probe.read(NOW))[0]), Sample)
    assert (await probe.read(NOW))[0].reason == "refused"


async def test_a_restarted_probe_gives_a_delta_at_its_first_read(net: Net) -> None:
    """Through JSON and back; the memory holds no address."""
    async with peers.listening(peers.answering(counters(0, 0), counters(100, 1))) as peer:
        spec = JsonSpec((peer.url,), errors="errors", requests="requests")
        first, second = JsonProbe("error_rate", spec, PACE, net), JsonProbe("error_rate", spec, PACE, net)
        await first.read(NOW)
        memory = json.dumps(first.memory())
        assert str(peer.port) not in memory
        second.restore(json.loads(memory))
        assert (await second.read(NOW + 5 * SECOND))[0].value == 0.01


@pytest.mark.parametrize(
    ("probe", "spec"),
    [
        (JsonProbe, JsonSpec(("http://a/",), value="a[")),
        (JsonProbe, JsonSpec(("http://a/",), value="a", unit="furlong")),
        (PrometheusProbe, PrometheusSpec(("http://a/",), preset="unknown")),
        (PrometheusProbe, PrometheusSpec(("http://a/",), requests="a{", errors="b")),
        (PrometheusProbe, PrometheusSpec(("http://a/",), requests='a{b=~"("}', errors="b")),
        (PrometheusProbe, PrometheusSpec(("http://a/",), requests='a{b="1" c="2"}', errors="b")),
        (PrometheusProbe, PrometheusSpec(("http://a/",))),
        (PromqlProbe, PromqlSpec(("http://a/",))),
    ],
)
async def test_a_mistake_in_the_configuration_is_said_at_construction(
    net: Net, probe: Callable[..., Probe], spec: object
) -> None:
    """As an OperatorError with the remedy."""
    with pytest.raises(OperatorError):
        probe("m", spec, PACE, net)


async def test_check_writes_an_address_of_ipv6_in_brackets(net: Net) -> None:
    """So that what is a port can be told."""
    (told,) = await JsonProbe("m", JsonSpec(("http://[::1]:1/metrics",), value="v"), PACE, net).check()
    assert "[::1]:1: " in told.text


async def test_check_says_what_to_write_for_a_status_in_another_form(net: Net) -> None:
    """The page groups, the configuration does not: nothing would ever be an error."""
    page = 'r{status="2xx"} 90\nr{status="5xx"} 10\n'
    async with peers.listening(peers.answering(page)) as peer:
        spec = PrometheusSpec((peer.url,), requests="r", errors='r{status="500"}')
        told = await PrometheusProbe("error_rate", spec, PACE, net).check()
    assert 'write status="5xx"' in told[0].text


async def test_check_says_what_is_wrong_with_an_endpoint(net: Net) -> None:
    """A missing value, a label that never occurs, a dead address."""
    async with peers.listening(peers.answering('{"a": 1}')) as peer:
        (told,) = await JsonProbe("m", JsonSpec((peer.url,), value="v"), PACE, net).check()
        assert "value" in told.text
    async with peers.listening(peers.answering('http_requests_total{code="200"} 1\n')) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset="fastapi"), PACE, net)
        assert await probe.check() == [
            problem(
                "instance 1: no series of the requests has the label status: no error would ever be counted; "
                "this page has code; `preset: go` fits this page"
            )
        ]
    assert "refused" in (await probe.check())[0].text


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ('r{status="500"}', "no series is an error yet: status is 2xx, 4xx; check that an error would be"),
        ("r_failed", "the page has no series `r_failed`: no error is counted until there is one"),
        ('r{status="4xx"}', ""),
    ],
)
async def test_check_notes_an_errors_selector_that_matches_nothing(net: Net, errors: str, told: str) -> None:
    """Right while nothing has failed; a mistyped one is an error rate of 0 for ever."""
    page = 'r{status="2xx"} 5\nr{status="4xx"} 1\nr{status="<!channel>"} 1\n'
    async with peers.listening(peers.answering(page)) as peer:
        spec = PrometheusSpec((peer.url,), requests="r", errors=errors)
        found = await PrometheusProbe("error_rate", spec, PACE, net).check()
    assert [(told in one.text, one.text[:12], one.problem) for one in found] == (
        [(True, "instance 1: ", False)] * bool(told)
    )
    assert "channel" not in " ".join(one.text for one in found)


@pytest.mark.promise(16)
async def test_check_says_that_an_answer_is_stale(net: Net) -> None:
    """The daemon would say so at every read, and never have a value."""
    old = peers.answering('{"v": 1}', headers="Age: 45\r\n")
    async with peers.listening(old) as peer:
        (found,) = await make("json", peer.url, net).check()  # type: ignore[attr-defined]  # of CheckedProbe
        assert "cached 45 s ago" in found.text
        assert "watch.max_gap" in found.text
    async with peers.listening(peers.answering('{"v": 1, "t": 1000}')) as peer:
        spec = JsonSpec((peer.url,), value="v", timestamp="t")
        (found,) = await JsonProbe("m", spec, PACE, net).check()
        assert "stale" not in found.text
        assert "old by its own time" in found.text
    async with peers.listening(peers.answering("v 1 1000\n")) as peer:
        spec_ = PrometheusSpec((peer.url,), value="v", unit="ms")
        (found,) = await PrometheusProbe("m", spec_, PACE, net).check()
        assert "old by its own time" in found.text


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ("400 Bad Request", False),
        ("401 Unauthorized", False),
        ("404 Not Found", True),
        ("405 Method Not Allowed", True),
        ("410 Gone", True),
        ("429 Too Many Requests", False),
    ],
)
async def test_check_tells_of_an_address_that_answers_something_else_than_200(
    net: Net, status: str, problem: bool
) -> None:
    """No error of a check: a path that is not there would be measured as health, whatever happens."""
    async with peers.listening(peers.answering("", status=status)) as peer:
        (found,) = await HttpCheckProbe("error_rate", HttpCheckSpec((peer.url,)), PACE, net).check()
    assert found.text == (
        f"instance 1: status {status[:3]} counts as no error{EVER if problem else ''}: "
        "name an address that answers 200 when all is well"
    )
    assert found.problem == problem


EVER = ", whatever becomes of the application"


async def test_a_redirect_measures_nothing_of_the_application(net: Net) -> None:
    """A proxy redirects to HTTPS, or to a page that says sorry, whatever became of what is behind it."""
    moved = peers.answering("", status="302 Found", headers="Location: https://shop.example/sorry?key=1\r\n")
    async with peers.listening(moved) as peer:
        for measure in ("errors", "time"):
            probe = HttpCheckProbe("m", HttpCheckSpec((peer.url,), measure=measure), PACE, net)
            reading = (await probe.read(NOW))[0]
            assert (reading.value, reading.reason, reading.quiet) == (None, "redirect", False)
            (told,) = await probe.check()
            assert told.text.startswith(
                "instance 1: answered with a redirect (302): name the final URL, https://shop"
            )
            assert told.problem
            assert "key" not in told.text


async def test_a_given_ratio_has_its_requests_beside_it(net: Net) -> None:
    """The ratio is the source's, the evidence ours: errors are what it makes of the requests."""
    wanted = Reading("error_rate", 0.02, errors=2.0, requests=100.0)
    texts = [f'{{"v": 2, "r": {n}}}' for n in (0, 100)]
    async with peers.listening(peers.answering(*texts)) as peer:
        spec = JsonSpec((peer.url,), value="v", unit="percent", requests="r")
        assert await reads(JsonProbe("error_rate", spec, PACE, net)) == wanted
    async with peers.listening(peers.answering("v 2\nr 0\n", "v 2\nr 100\n")) as peer:
        page = PrometheusSpec((peer.url,), value="v", unit="percent", requests="r")
        assert await reads(PrometheusProbe("error_rate", page, PACE, net)) == wanted
    vector = '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[%d,"%s"]}]}}'
    rows = [vector % (NOW // SECOND, v) for v in ("0.02", "0", "0.02", "100")]
    async with peers.listening(peers.answering(*rows)) as peer:
        query = PromqlSpec((peer.url,), query="v", unit="ratio", requests="r")
        assert await reads(PromqlProbe("error_rate", query, PACE, net)) == wanted


async def test_lists_of_selectors_are_added_up(net: Net) -> None:
    """The Ruby client counts exceptions apart, as neither a response nor a request."""
    page = 'r{{code="200"}} {0}\nr{{code="500"}} {1}\nexceptions{{e="X"}} {2}\n'
    async with peers.listening(peers.answering(page.format(0, 0, 0), page.format(80, 5, 15))) as peer:
        spec = PrometheusSpec(
            (peer.url,), requests=("r", "exceptions"), errors=('r{code=~"5.."}', "exceptions")
        )
        reading = await reads(PrometheusProbe("error_rate", spec, PACE, net))
    assert (reading.errors, reading.requests) == (20, 100)


@pytest.mark.parametrize(
    ("unit", "name", "seconds"),
    [(None, "d_seconds", 1.0), (None, "d_milliseconds", 1000.0), ("ms", "d", 1000.0), ("us", "d", 1e6)],
)
async def test_a_mean_is_that_of_all_instances_in_the_units_of_their_names(
    net: Net, unit: str | None, name: str, seconds: float
) -> None:
    """Sums over counts, never a mean of means; 100 requests of 120 ms and 300 of 40 ms are 60 ms."""

    def page(count: int, sum_: float) -> str:
        return f'{name}_sum{{p="/"}} {sum_ * seconds}\n{name}_count{{p="/"}} {count}\n'

    async with (
        peers.listening(peers.answering(page(5, 1), page(105, 13))) as a,
        peers.listening(peers.answering(page(9, 2), page(309, 14))) as b,
    ):
        probe = PrometheusProbe("m", PrometheusSpec((a.url, b.url), mean=name, unit=unit), PACE, net)
        assert (await reads(probe)).value == pytest.approx(60)


async def test_a_summary_of_an_idle_handler_is_left_out(net: Net) -> None:
    """Its quantile is NaN; the others' highest is taken, and without one nobody asked."""
    idle, busy = 's{quantile="0.95",p="/a"} NaN\n', 's{quantile="0.95",p="/b"} 0.25\n'
    spec = 's{quantile="0.95"}'
    for page, value, quiet in ((idle + busy, 250.0, False), (idle, None, True)):
        async with peers.listening(peers.answering(page)) as peer:
            probe = PrometheusProbe("m", PrometheusSpec((peer.url,), value=spec, unit="s"), PACE, net)
            (reading,) = await probe.read(NOW)
        assert (reading.value, reading.quiet) == (value, quiet)


async def test_a_fresh_application_is_quiet_and_counts_from_zero(net: Net) -> None:
    """It declares its counter; the first requests are all since the read before. Undeclared, it has none."""
    declared = "# TYPE r counter\n"
    async with peers.listening(peers.answering(declared, f'{declared}r{{code="500"}} 30\n')) as peer:
        spec = PrometheusSpec((peer.url,), requests="r", errors='r{code=~"5.."}')
        probe = PrometheusProbe("error_rate", spec, PACE, net)
        (first,) = await probe.read(NOW)
        (second,) = await probe.read(NOW + 5 * SECOND)
    assert (first.reason, first.quiet) == ("no_sample_yet", True)
    assert (second.errors, second.requests) == (30, 30)
    async with peers.listening(peers.answering("other 1\n")) as peer:
        spec = PrometheusSpec((peer.url,), requests="r", errors='r{code=~"5.."}')
        (none,) = await PrometheusProbe("error_rate", spec, PACE, net).read(NOW)
    assert (none.reason, none.quiet) == ("no_series", False)


async def test_a_page_whose_status_is_called_otherwise_is_no_data(net: Net) -> None:
    """Half of the requests fail, and 0 % would have been read: also of each instance of several."""
    page = 'http_requests_total{{code="200"}} {0}\nhttp_requests_total{{code="500"}} {0}\n'
    async with (
        peers.listening(peers.answering(page.format(0), page.format(500))) as a,
        peers.listening(peers.answering(page.format(0), page.format(500))) as b,
    ):
        spec = PrometheusSpec((a.url, b.url), preset="fastapi")
        reading = await reads(PrometheusProbe("error_rate", spec, PACE, net))
        assert (reading.reason, reading.quiet, reading.value) == ("no_error_label", False, None)
        for name in ("generic", "auto"):
            again = PrometheusProbe("error_rate", replace(spec, preset=name), PACE, net)
            a.behaviour = b.behaviour = peers.answering(*(page.format(n) for n in (0, 0, 500, 500)))
            assert (await reads(again)).value == 0.5


async def test_the_finer_of_two_histograms_is_read(net: Net) -> None:
    """The FastAPI library has three bounds for each handler, and fine ones for all of them together."""
    coarse = 'http_request_duration_seconds_bucket{{handler="/",le="{1}"}} {0}\n'
    fine = 'http_request_duration_highr_seconds_bucket{{le="{1}"}} {0}\n'

    def page(n: int, with_fine: bool) -> str:
        text = coarse.format(0, 0.1) + coarse.format(n, 0.5) + coarse.format(n, "+Inf")
        return (
            text + fine.format(0, 0.1) + fine.format(n, 0.25) + fine.format(n, "+Inf") if with_fine else text
        )

    for with_fine, value in ((True, 242.5), (False, 480.0)):
        async with peers.listening(peers.answering(page(0, with_fine), page(1000, with_fine))) as peer:
            spec = PrometheusSpec((peer.url,), preset="fastapi", quantile=0.95)
            reading = await reads(PrometheusProbe("m", spec, PACE, net))
        assert reading.value == pytest.approx(value)


async def test_a_limit_inside_a_bucket_is_not_exceeded(net: Net) -> None:
    """All requests at 120 ms, with buckets at 100 and 250: normal under 200 ms."""
    bucket = 'h_seconds_bucket{{{{le="{0}"}}}} {1}\n'
    page = "".join(bucket.format(le, n) for le, n in (("0.1", "0"), ("0.25", "{0}"), ("+Inf", "{0}")))
    sums = "h_seconds_sum {1}\nh_seconds_count {0}\n"
    pace = replace(PACE, limits=(500.0, 200.0))
    for more, value in ((sums, 120.0), ("", 100.0)):
        texts = [(page + more).format(n, 0.12 * n) for n in (0, 1000)]
        async with peers.listening(peers.answering(*texts)) as peer:
            spec = PrometheusSpec((peer.url,), histogram="h_seconds", quantile=0.95)
            assert (await reads(PrometheusProbe("m", spec, pace, net))).value == pytest.approx(value)


async def test_every_probe_of_counters_can_begin_its_window_afresh(net: Net) -> None:
    """After a rollback of ours what was before is no share of the rate."""
    url = "http://127.0.0.1:9/"
    check = HttpCheckProbe("error_rate", HttpCheckSpec((url,)), PACE, net)
    probes = [*(make(kind, url, net) for kind in KINDS), check]
    for probe in probes:
        assert isinstance(probe, Windowed)
        probe.begin_afresh()
    assert (await check.read(NOW))[0].value == 1.0  # nothing listens there
    check.begin_afresh()
    memory: Any = check.memory()
    assert memory["meter"]["window"] == []
