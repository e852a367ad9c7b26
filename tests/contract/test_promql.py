"""The query API of Prometheus servers, and of what speaks like one: rows of a loopback peer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from monitor.core.samples import SECOND, Reading
from monitor.errors import OperatorError
from monitor.net import Net
from monitor.sources.counters import Rates
from monitor.sources.endpoints import Pace
from monitor.sources.promql import PromqlProbe, PromqlSpec, query_address
from monitor.sources.promql_fallback import guard
from tests import peers

NOW = 1_700_000_000 * SECOND
AT = NOW // SECOND + 600  # fresh for every read of a test
PACE = Pace(deadline=8.0, rates=Rates())

ERRORS = 'r{status=~"5.."}'


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    made = Net()
    yield made
    await made.aclose()


class Server:
    """Answers each query with its rows; keeps what it was asked."""

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}
        self.more: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await peers.request_of(reader)).decode()
            url = urlsplit(head.split()[1])
            asked = parse_qs(url.query)
            self.asked.append((url.path, asked))
            found = self.rows[asked["query"][0]]
            kind = "vector" if isinstance(found, list) else "scalar"
            data = {"resultType": kind, "result": found if isinstance(found, list) else [AT, found["is"]]}
            body = json.dumps({"status": "success", "data": data, **self.more})
            writer.write(peers.response(body.encode()))
            await writer.drain()

    def say(self, instances: Mapping[str, Mapping[str, float]]) -> None:
        """Requests by status of each instance."""
        every: list[Any] = [
            {
                "metric": {"__name__": "r", "job": "shop", "instance": i, "status": status},
                "value": [AT, str(n)],
            }
            for i, by in instances.items()
            for status, n in by.items()
        ]
        self.rows = {"r": every, ERRORS: [row for row in every if row["metric"]["status"][0] == "5"]}


def probe_of(url: str, net: Net, **changes: Any) -> PromqlProbe:
    given = {"errors": ERRORS, "requests": "r", **changes}
    return PromqlProbe("error_rate", PromqlSpec((url,), **given), PACE, net)


async def reads(
    probe: PromqlProbe, server: Server, *said: Mapping[str, Mapping[str, float]]
) -> list[Reading]:
    """One reading for each of what the server says, fifteen seconds apart."""
    found: list[Reading] = []
    for n, one in enumerate(said):
        server.say(one)
        found += await probe.read(NOW + n * 15 * SECOND)
    return found


async def test_a_target_that_is_missed_off_and_on_is_no_error(net: Net) -> None:
    """3 % long ago, 0 % now: its past comes and goes with every scrape that fails."""
    old = {"a": {"200": 3e6, "500": 1e5}, "b": {"200": 3e6, "500": 1e5}}
    server = Server()
    async with peers.listening(server.serve) as peer:
        probe = probe_of(peer.url.removesuffix("metrics"), net)
        said = []
        for n in range(20):
            now = {i: {s: v + (100 * n if s == "200" else 0) for s, v in by.items()} for i, by in old.items()}
            flapping = {"200": 3_333_000.0 + 100 * n, "500": 100_000.0}
            said.append({**now, **({"c": flapping} if n % 3 else {})})
        found = await reads(probe, server, *said)
    assert {reading.value for reading in found[1:]} == {0.0}
    assert sum(float(str(reading.requests)) for reading in found[1:]) <= 300 * 19


async def test_an_outage_of_one_of_three_is_not_hidden_by_their_past(net: Net) -> None:
    """5 % now, a clean lifetime: each series is compared with itself."""
    server = Server()
    async with peers.listening(server.serve) as peer:
        probe = probe_of(peer.url.removesuffix("metrics"), net)
        said = [
            {i: {"200": 3e6 + 95 * n, "500": 10.0 + 5 * n} for i in "abc" if i != "c" or n % 3}
            for n in range(8)
        ]
        found = await reads(probe, server, *said)
    assert found[-1].value == pytest.approx(0.05)


async def test_no_error_series_beside_requests_is_no_error(net: Net) -> None:
    """A healthy application has none yet; the first one counts."""
    server = Server()
    async with peers.listening(server.serve) as peer:
        probe = probe_of(peer.url.removesuffix("metrics"), net)
        found = await reads(
            probe, server, {"a": {"200": 10}}, {"a": {"200": 20}}, {"a": {"200": 29, "500": 1}}, {}
        )
        assert found[1:3] == [
            Reading("error_rate", 0.0, errors=0, requests=10),
            Reading("error_rate", 0.05, errors=1, requests=10),
        ]
        assert (found[3].reason, found[3].quiet) == ("no_series", False)


async def test_requests_without_the_label_of_the_errors_are_no_data(net: Net) -> None:
    """They call it otherwise: 0 % would be for ever."""
    server = Server()
    row = {"metric": {"__name__": "r", "instance": "a", "code": "200"}, "value": [AT, "5"]}
    server.rows = {"r": [row], ERRORS: [], 'r{code=~"5.."}': []}
    async with peers.listening(server.serve) as peer:
        url = peer.url.removesuffix("metrics")
        assert (await probe_of(url, net).read(NOW))[0].reason == "no_error_label"
        assert "has the label status" in (await probe_of(url, net).check())[0].text
        assert (await probe_of(url, net, errors='r{code=~"5.."}').read(NOW))[0].reason == "baseline"


@pytest.mark.parametrize("more", [{"warnings": ["one store did not answer"]}, {"isPartial": True}])
async def test_a_partial_answer_is_no_data(net: Net, more: dict[str, Any]) -> None:
    """Thanos warns, VictoriaMetrics says so: what is missing would look like a fall and come back."""
    server = Server()
    server.say({"a": {"200": 10}})
    server.more = more
    async with peers.listening(server.serve) as peer:
        probe = probe_of(peer.url.removesuffix("metrics"), net)
        assert (await probe.read(NOW))[0] == Reading("error_rate", reason="partial")
        (told,) = await probe.check()
    assert "incomplete" in told.text
    server.more = {
        "warnings": [],
        "isPartial": False,
        "infos": ["it might be no counter"],
    }
    async with peers.listening(server.serve) as peer:
        probe = probe_of(peer.url.removesuffix("metrics"), net)
        assert (await probe.read(NOW))[0].reason == "baseline"


@pytest.mark.parametrize(
    ("unit", "quiet", "reason"),
    [
        ("ratio", True, "insufficient_traffic"),
        ("percent", True, "insufficient_traffic"),
        ("ms", True, "insufficient_traffic"),
        ("s", True, "insufficient_traffic"),
        ("count", False, "not_a_number"),
    ],
)
async def test_nan_is_no_traffic_where_a_ratio_or_a_time_is_asked_for(
    net: Net, unit: str, quiet: bool, reason: str
) -> None:
    """0/0 at night; a count has no such excuse, and infinity nowhere."""
    server = Server()
    for value in ("NaN", "+Inf"):
        server.rows = {"q": {"is": value}}
        async with peers.listening(server.serve) as peer:
            spec = PromqlSpec((peer.url.removesuffix("metrics"),), query="q", unit=unit)
            (reading,) = await PromqlProbe("m", spec, PACE, net).read(NOW + SECOND)
        expected = (reason, quiet) if value == "NaN" else ("not_a_number", False)
        assert (reading.reason, reading.quiet) == expected


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://p:9090", "http://p:9090/api/v1/query?dedup=false&query=up"),
        ("http://p:9090/", "http://p:9090/api/v1/query?dedup=false&query=up"),
        ("http://p/api/v1/query", "http://p/api/v1/query?dedup=false&query=up"),
        ("http://p/select/0/prometheus/", "http://p/select/0/prometheus/api/v1/query?dedup=false&query=up"),
        ("http://p/x?tenant=a%20b&dedup=true", "http://p/x/api/v1/query?tenant=a+b&dedup=false&query=up"),
        ("http://p/api/v1/query?query=old#f", "http://p/api/v1/query?dedup=false&query=up"),
        ("http://ann:pw@p/?a=", "http://ann:pw@p/api/v1/query?a=&dedup=false&query=up"),
    ],
)
def test_an_address_may_have_a_path_and_a_query_of_its_own(url: str, address: str) -> None:
    """What is configured under `params` wins."""
    assert query_address(url, {"dedup": "false", "query": "up"}) == address


async def test_parameters_and_headers_are_sent_with_each_query(net: Net) -> None:
    """partial_response, dedup, timeout; tenants are headers."""
    server = Server()
    server.say({"a": {"200": 1}})
    async with peers.listening(server.serve) as peer:
        url = peer.url.removesuffix("metrics") + "?dedup=true"
        await probe_of(url, net, params={"partial_response": "false"}).read(NOW)
    assert [path for path, _ in server.asked] == ["/api/v1/query"] * 2
    assert all(a["dedup"] == ["true"] and a["partial_response"] == ["false"] for _, a in server.asked)
    assert [a["query"] for _, a in server.asked] == [[ERRORS], ["r"]]


async def test_another_server_that_answers_is_a_baseline(net: Net) -> None:
    """Replicas scrape at other moments: the difference between them is nobody's growth."""
    first, second = Server(), Server()
    async with peers.listening(second.serve) as two:
        async with peers.listening(first.serve) as one:
            urls = (one.url.removesuffix("metrics"), two.url.removesuffix("metrics"))
            probe = PromqlProbe("error_rate", PromqlSpec(urls, errors=ERRORS, requests="r"), PACE, net)
            await reads(probe, first, {"a": {"200": 100, "500": 1}}, {"a": {"200": 200, "500": 1}})
        second.say({"a": {"200": 150, "500": 1}})
        assert (await probe.read(NOW + 30 * SECOND))[0].reason == "baseline"
        second.say({"a": {"200": 250, "500": 1}})
        assert (await probe.read(NOW + 45 * SECOND))[0].requests == 100


@pytest.mark.parametrize("key", ["errors", "requests"])
async def test_an_expression_is_refused_as_a_counter(net: Net, key: str) -> None:
    """At construction, with the form to use."""
    with pytest.raises(OperatorError, match=rf"{key}: .*write `r`"):
        probe_of("http://p", net, **{key: "sum(r)"})


@pytest.mark.parametrize(
    ("name", "problem", "told"),
    [
        ("job:r:sum", True, "instance 1: requests: `job:r:sum` is computed from counters"),
        ("r_of_all", False, "instance 1: requests: the series have no label `instance`"),
    ],
)
async def test_check_knows_sums_that_have_a_name(net: Net, name: str, problem: bool, told: str) -> None:
    """A recording rule by its colons, anything else by the label that a sum has lost."""
    server = Server()
    server.rows = {name: [{"metric": {"__name__": name}, "value": [AT, "5"]}], "e": []}
    async with peers.listening(server.serve) as peer:
        probe = probe_of(peer.url.removesuffix("metrics"), net, requests=name, errors="e")
        found = await probe.check()
    assert found[0].text.startswith(told)
    assert "no series is an error yet" in found[1].text
    assert [one.problem for one in found] == [problem, False]


@pytest.mark.parametrize(
    ("there", "labelled", "says"),
    [
        (True, True, []),
        (True, False, ["no series `e_total` has the label code"]),
        (False, False, ["the server has no series `e_total`"]),
    ],
)
async def test_check_looks_behind_a_fallback_to_zero(
    net: Net, there: bool, labelled: bool, says: list[str]
) -> None:
    """`or vector(0)` gives 0 for a name that was mistyped, as for one of which nothing has happened yet."""
    query = 'sum(rate(e_total{code=~"5.."}[5m])) or vector(0)'
    row = [{"metric": {}, "value": [AT, "3"]}]
    server = Server()
    server.rows = {
        query: [{"metric": {}, "value": [AT, "0"]}],
        "count(e_total)": row if there else [],
        'count(e_total{code!=""})': row if labelled else [],
    }
    async with peers.listening(server.serve) as peer:
        spec = PromqlSpec((peer.url,), query=query, unit="ratio")
        found = await PromqlProbe("error_rate", spec, PACE, net).check()
    assert [one.text.removeprefix("instance 1: ").partition(":")[0] for one in found] == says
    assert all(one.problem for one in found)


async def test_a_status_in_another_form_than_the_servers_is_no_data(net: Net) -> None:
    """Where it could never hold, 0 errors would be for ever; `check` says what to write."""
    server = Server()
    server.say({"a": {"2xx": 90.0, "5xx": 10.0}})
    server.rows['r{status="500"}'] = []
    async with peers.listening(server.serve) as peer:
        probe = probe_of(peer.url.removesuffix("metrics"), net, errors='r{status="500"}')
        assert (await probe.read(NOW))[0].reason == "no_error_value"
        assert 'write status="5xx"' in (await probe.check())[0].text


ZERO = 'sum(rate(e_total{code=~"5.."}[5m])) or vector(0)'


@pytest.mark.promise(16)
@pytest.mark.parametrize(
    ("guarded", "reason"),
    [
        ([{"guard": "there"}], ""),
        ([], "no_series"),
        ([{"guard": "there"}, {"guard": "lost"}], "no_error_label"),
    ],
)
async def test_what_a_fallback_hides_is_no_data_in_a_watch_too(
    net: Net, guarded: list[dict[str, str]], reason: str
) -> None:
    """A name that goes, or a label that is called otherwise from some release on, would be 0 for ever."""
    server = Server()
    server.rows = {
        ZERO: [{"metric": {}, "value": [AT, "0"]}],
        guard(ZERO): [{"metric": one, "value": [AT, "1"]} for one in guarded],
    }
    async with peers.listening(server.serve) as peer:
        spec = PromqlSpec((peer.url,), query=ZERO, unit="ratio")
        (found,) = await PromqlProbe("error_rate", spec, PACE, net).read(NOW)
    assert (found.reason, found.value) == (reason, None if reason else 0.0)
