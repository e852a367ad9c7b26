"""`check` on real pages: it reads what is configured, says it in words, and ends with 2 if that can't be."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from tests import peers
from tests.commands import Commands, Done
from tests.conftest import Database

pytestmark = pytest.mark.corner


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    """Forks a process for each call."""
    with Commands() as found:
        yield found


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` said of one metric, the exit code, and what is a problem of it."""

    code: int
    notes: list[str]
    problems: list[str]


RATE = r"50 errors in 1,010 requests in \d+ s \(5\.0 %\)"

Check = Callable[..., Awaitable[Done]]


@pytest.fixture
async def check(commands: Commands, database: Database, tmp_path: Path) -> AsyncIterator[Check]:
    """Runs `check` with one metric of one source, on a database that lacks nothing."""
    admin = await asyncpg.connect(database.dsn)
    await admin.execute("CREATE TABLE contacts (id integer PRIMARY KEY)")
    config = tmp_path / "monitor.yaml"

    def run(metric: str, source: str, *arguments: str) -> Done:
        others = {"error_rate", "response_time"} - {metric}
        config.write_text(
            f"""targets:
  shop:
    database: {{dsn: "{database.dsn}", allow_superuser: postgres}}
    metrics: {{{metric}: {source}}}
    thresholds: {{{", ".join(f"{other}: null" for other in others)}}}
alerts: [log: {{}}]
"""
        )
        return commands.call("--config", config, "check", *arguments)

    async def checked(metric: str, source: str, *arguments: str) -> Done:
        return await asyncio.to_thread(run, metric, source, *arguments)

    yield checked
    await admin.close()


async def told(check: Check, metric: str, source: str) -> Checked:
    """What is found of this metric."""
    done: Done = await check(metric, source, "--json")
    assert "Traceback" not in done.stderr
    findings = [f for f in json.loads(done.stdout)["findings"] if f["where"].endswith(f".{metric}")]
    notes, problems = ([f["text"] for f in findings if f["problem"] is p] for p in (False, True))
    return Checked(done.returncode, notes, problems)


def rate(url: str, more: str = "preset: express") -> str:
    return f'{{prometheus: {{url: "{url}", {more}}}}}'


def counted(requests: int, errors: int, label: str = "code") -> str:
    name = "http_request_duration_seconds_count"
    return f'{name}{{{label}="200"}} {requests - errors}\n{name}{{{label}="500"}} {errors}\n'


def growing(page: Callable[[int], str]) -> peers.Behaviour:
    """A page that is one step further at each read, over all connections."""
    reads = iter(range(1, 10_000))

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await peers.request_of(reader)
            writer.write(peers.response(page(next(reads)).encode()))
            await writer.drain()

    return behave


async def test_check_says_the_rate_that_it_reads(check: Check) -> None:
    """In words, with the share; `code` says the status as well as `status_code`."""
    async with peers.listening(growing(lambda n: counted(1010 * n, 50 * n))) as peer:
        found = await told(check, "error_rate", rate(peer.url))
        shown: Done = await check("error_rate", rate(peer.url))
    assert (found.code, found.problems) == (0, [])
    assert re.fullmatch(RATE, found.notes[0])
    assert re.search(f"error_rate: {RATE}", shown.stdout)


async def test_check_says_what_was_counted_before_where_nothing_happens(check: Check) -> None:
    """A quiet application is read too."""
    async with peers.listening(peers.answering(counted(1010, 50))) as peer:
        found = await told(check, "error_rate", rate(peer.url))
    text = "no request meanwhile; 50 errors in 1,010 requests since its counters began (5.0 %)"
    assert found == Checked(0, [text], [])


@pytest.mark.parametrize(
    ("page", "more", "says"),
    [
        (
            'http_requests_total{code="500"} 50\nhttp_requests_total{code="200"} 50\n',
            "preset: fastapi",
            "no series of the requests has the label status: no error would ever be counted; this page has "
            "code; `preset: go` fits this page",
        ),
        (
            'caddy_http_requests_total{handler="subroute",server="srv0"} 900\n',
            "requests: caddy_http_requests_total, errors: 'caddy_http_requests_total{code=~\"5..\"}'",
            "no series of the requests has the label code: no error would ever be counted; this page has "
            "handler, server; nothing here says which requests failed: measure errors at a proxy",
        ),
        (
            "nginx_http_requests_total 900\n",
            "requests: nginx_http_requests_total, errors: 'nginx_http_requests_total{status=~\"5..\"}'",
            "this page has no labels; nothing here says which requests failed",
        ),
        (
            'r{status="200"} 9\nr{status="500"} 1\n',
            "requests: r, errors: 'r{staus!=\"200\"}'",
            "no series of the requests has the label staus",
        ),
        (
            'r{status="200",handler="/a"} 9\n',
            "requests: r, errors: 'r{code=~\"5..\",handler=\"/a\"}'",
            "no series of the requests has the label code",
        ),
        (
            'r{code="2xx"} 90\nr{code="5xx"} 10\nr{code="total"} 100\n',
            "requests: r, errors: 'r{code=\"5xx\"}'",
            'r{code="total"} is the sum of the others: add code!="total"',
        ),
        (
            'e_rq_total 100\ne_rq_xx{class="2"} 90\ne_rq_xx{class="5"} 10\n',
            "requests: [e_rq_total, e_rq_xx], errors: 'e_rq_xx{class=\"5\"}'",
            "e_rq_total counts what e_rq_xx counts: name one of them",
        ),
        (
            'i{reporter="source",code="200"} 7\ni{reporter="destination",code="200"} 9\n',
            "requests: i, errors: 'i{code=~\"5..\"}'",
            "each request is told by both of its sides: add one reporter=",
        ),
        (
            'r{status="200"} 90\nr{status="500"} 10\n',
            "requests: r, errors: 'r{status=~\".*\"}'",
            "all 100 requests of the page are errors",
        ),
        (
            'http_request_total{status="200"} 9\nother 1\n',
            "requests: http_requests_total, errors: 'http_requests_total{status=~\"5..\"}'",
            "no series `http_requests_total`; the nearest names of the page: `http_request_total`",
        ),
        (
            'starlette_requests_total{status_code="200",path="/"} 9\n',
            "preset: fastapi",
            "`starlette_requests_total`; `preset: starlette` fits this page",
        ),
        (
            'r{handler="/a",method="GET"} 9\n',
            "requests: 'r{method=\"POST\"}', errors: 'r{method=\"POST\",status=~\"5..\"}'",
            "`r`, but no series of it meets the conditions: it has handler, method; method is GET",
        ),
        ("", "preset: fastapi", "no series `http_requests_total`; the page has no sample at all"),
    ],
    ids=[
        "other label", "caddy", "nginx", "mistyped", "one of two", "total", "classes", "sides", "all",
        "other name", "other library", "conditions", "empty",
    ],
)  # fmt: skip
async def test_a_page_that_would_be_read_wrongly_is_a_problem(
    check: Check, page: str, more: str, says: str
) -> None:
    """Each would be 0 %, 100 % or half of the truth, for ever and in silence: exit 2."""
    async with peers.listening(peers.answering(page)) as peer:
        found = await told(check, "error_rate", rate(peer.url, more))
    assert (found.code, len(found.problems)) == (2, 1), found
    assert says in found.problems[0]
    assert found.problems[0].startswith("instance 1: ")


async def test_a_fresh_application_is_quiet_and_said_to_be(check: Check) -> None:
    """Declared and without a sample: nobody has asked it yet."""
    page = "# HELP http_requests_total Requests\n# TYPE http_requests_total counter\n"
    async with peers.listening(peers.answering(page)) as peer:
        found = await told(check, "error_rate", rate(peer.url, "preset: fastapi"))
    assert (found.code, found.problems) == (0, [])
    assert found.notes == [
        "instance 1: the page declares `http_requests_total`, but has no sample of it yet: quiet until then",
        "its source has no sample of it yet",
    ]


def histogram(counts: dict[str, int], name: str = "h_seconds", total: float | None = None) -> str:
    lines = "".join(f'{name}_bucket{{le="{bound}"}} {n}\n' for bound, n in counts.items())
    most = counts["+Inf"]
    return f"{lines}{name}_sum {0.12 * most if total is None else total}\n{name}_count {most}\n"


def all_at_120_ms(n: int) -> str:
    """With buckets at 100 and 250 ms, as many libraries have them."""
    return histogram({"0.1": 0, "0.25": 1000 * n, "0.5": 1000 * n, "1": 1000 * n, "+Inf": 1000 * n})


async def test_check_says_the_quantile_with_its_bucket(check: Check) -> None:
    """And into which one a limit falls; all at 120 ms are not 242."""
    source = 'prometheus: {url: "%s", histogram: h_seconds, quantile: 0.95}'
    async with peers.listening(growing(all_at_120_ms)) as peer:
        found = await told(check, "response_time", f"{{{source % peer.url}}}")
    assert found == Checked(
        0,
        [
            "instance 1: the limit of 200 ms falls into the bucket 100–250 ms: it counts as exceeded from "
            "250 ms on",
            "p95 120 ms (bucket 100–250 ms)",
        ],
        [],
    )


async def test_buckets_that_end_below_a_limit_are_a_problem(check: Check) -> None:
    """Nothing could ever tell that it is exceeded."""
    page = histogram({"0.1": 0, "0.25": 10, "+Inf": 10})
    source = 'prometheus: {url: "%s", histogram: h_seconds, quantile: 0.95}'
    async with peers.listening(peers.answering(page)) as peer:
        found = await told(check, "response_time", f"{{{source % peer.url}}}")
    assert found.code == 2
    assert "the largest bucket ends at 250 ms: nothing tells when 500 ms are exceeded" in found.problems[0]


@pytest.mark.parametrize(
    ("page", "more", "says"),
    [
        (
            "h_seconds_sum 1\nh_seconds_count 9\n",
            "histogram: h_seconds, quantile: 0.95",
            "`h_seconds` has no buckets, only sum and count: write `mean: h_seconds`",
        ),
        (
            'h_seconds{quantile="0.95"} 0.1\nh_seconds_sum 1\nh_seconds_count 9\n',
            "histogram: h_seconds, quantile: 0.95",
            "`h_seconds` is a summary: write `value: 'h_seconds{quantile=\"0.95\"}'`",
        ),
        (
            "http_server_request_duration_seconds_sum 1\nhttp_server_request_duration_seconds_count 9\n",
            "mean: http_server_requests_seconds",
            "`preset: opentelemetry, mean: true` fits this page",
        ),
    ],
    ids=["mean", "summary", "preset"],
)
async def test_durations_that_are_kept_otherwise_are_told_with_the_line_to_write(
    check: Check, page: str, more: str, says: str
) -> None:
    """Many libraries have no buckets unless they are switched on."""
    async with peers.listening(peers.answering(page)) as peer:
        found = await told(check, "response_time", rate(peer.url, more))
    assert (found.code, len(found.problems)) == (2, 1), found
    assert says in found.problems[0]


async def test_check_says_a_mean(check: Check) -> None:
    """Of the durations between two reads."""
    page = growing(lambda n: f"h_seconds_sum {12.5 * n}\nh_seconds_count {100 * n}\n")
    async with peers.listening(page) as peer:
        found = await told(check, "response_time", rate(peer.url, "mean: h_seconds"))
    assert found == Checked(0, ["mean 125 ms"], [])


async def test_a_percentage_that_is_called_a_ratio_is_a_problem(check: Check) -> None:
    """0.9 for 0.9 % would be 90 %, and rolled back."""
    async with peers.listening(peers.answering("errors_now 0.9\nr 1000\n")) as peer:
        found = await told(check, "error_rate", rate(peer.url, "value: errors_now, unit: ratio, requests: r"))
        named = await told(
            check, "error_rate", rate(peer.url, "value: errors_percent, unit: ratio, requests: r")
        )
    assert (found.code, found.problems) == (
        2, ["90 %, above the limit of 1 % (rollback): does `unit` match the source, and is all well?"],
    )  # fmt: skip
    assert named.code == 2


async def test_a_ratio_without_requests_is_refused_or_said_to_do_without(check: Check) -> None:
    """In the file, with its line; `without_counts` says what it gives up."""
    page = peers.answering('{"v": 0.001}')
    async with peers.listening(page) as peer:
        source = f'{{json: {{url: "{peer.url}", value: v, unit: ratio}}}}'
        refused: Done = await check("error_rate", source)
        without: Done = await check("error_rate", source.replace("}}", ", without_counts: true}}"))
    assert refused.returncode == 2
    assert "is a ratio without the requests behind it" in refused.stdout + refused.stderr
    assert without.returncode == 0
    assert "error_rate.json: `without_counts`: a rollback needs no number of requests here" in without.stdout
    assert "error_rate: 0.1 %" in without.stdout


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (
            peers.answering("", status="401 No"),
            "status 401 instead of 200: send what it asks for with",
        ),
        (
            peers.answering("", status="403 No"),
            "status 403 instead of 200: send what it asks for with",
        ),
        (
            peers.answering("", status="302 Found", headers="Location: /prometheus?token=s3cr3t\r\n"),
            "name the final URL, http://127.0.0.1:",
        ),
    ],
    ids=["401", "403", "redirect"],
)
async def test_an_answer_that_is_no_page_is_told_with_its_remedy(
    check: Check, behaviour: peers.Behaviour, says: str
) -> None:
    """Nothing of a redirect's query is repeated."""
    async with peers.listening(behaviour) as peer:
        found = await told(check, "error_rate", rate(peer.url))
    assert found.code == 2
    assert says in found.problems[0]
    assert "s3cr3t" not in found.problems[0]


async def test_a_connection_that_fails_is_told_with_host_and_port(check: Check) -> None:
    """Not with the path, which may hold a secret."""
    found = await told(check, "error_rate", rate("http://127.0.0.1:9/s3cr3t"))
    assert found == Checked(
        2, [], ["instance 1: 127.0.0.1:9: the connection was refused: nothing is listening there"]
    )


async def test_a_preset_without_quantile_is_told_the_line_to_write(check: Check) -> None:
    """Of a preset's two metrics one key says which."""
    done: Done = await check("response_time", rate("http://127.0.0.1:9/", "preset: fastapi"))
    assert done.returncode == 2
    assert "add `quantile: 0.95`, or `mean: true`" in done.stdout + done.stderr


async def test_promql_under_prometheus_is_told_where_it_belongs(check: Check) -> None:
    """A page answers no queries."""
    more = "requests: 'sum(rate(r[5m]))', errors: e"
    done: Done = await check("error_rate", rate("http://127.0.0.1:9/", more))
    assert done.returncode == 2
    assert "is PromQL, which only a Prometheus server answers: `promql: {url:" in done.stdout + done.stderr
