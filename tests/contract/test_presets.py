"""Presets read the pages of real libraries: what is told is what the client did between two reads.

The pages and their truths are in tests/pages/data, made by tests/pages.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.core.samples import SECOND, NoData, Reading, judge
from monitor.errors import OperatorError
from monitor.net import Net
from monitor.ports import Finding
from monitor.sources.counters import Rates
from monitor.sources.endpoints import Pace
from monitor.sources.presets import PRESETS
from monitor.sources.prometheus import PrometheusProbe, PrometheusSpec
from tests import peers
from tests.pages.known import LIBRARIES
from tests.pages.traffic import DATA, MIX

NOW = 1_700_000_000 * SECOND
PACE = Pace(deadline=3.0, rates=Rates())

ABSENT = dict(MIX)["/absent"]
SLOW_SHARE = dict(MIX)["/slow"] * 120.0


TIMED = [name for name, known in LIBRARIES.items() if known.mean]
BUCKETS = [name for name, known in LIBRARIES.items() if known.bucket]
SUMS = [name for name, known in LIBRARIES.items() if known.mean and not known.bucket]


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    made = Net()
    yield made
    await made.aclose()


def truth(library: str) -> dict[str, Any]:
    """What the client knows."""
    found: dict[str, Any] = json.loads((DATA / library / "truth.json").read_text(encoding="utf-8"))
    return found


def requests_of(library: str) -> int:
    """The requests that the library can be expected to tell."""
    known, true = LIBRARIES[library], truth(library)
    unmatched = 0 if known.unmatched else ABSENT
    return int(true["requests"] - unmatched + (true["scrapes"] if known.ours else 0))


async def reading(net: Net, library: str, metric: str = "error_rate", **spec: Any) -> Reading:
    """The second of two reads: of the page before the traffic, and of that after it."""
    pages = [(DATA / library / f"{moment}.prom").read_bytes() for moment in ("before", "after")]
    async with peers.listening(peers.answering(*pages)) as peer:
        url = peer.url.removesuffix("/metrics") + LIBRARIES[library].page
        probe = PrometheusProbe(metric, PrometheusSpec((url,), **spec), PACE, net)
        await probe.read(NOW)
        return (await probe.read(NOW + 5 * SECOND))[0]


def number(found: Reading) -> float:
    """The value of a reading that has one."""
    assert isinstance(found.value, float), found.reason
    return found.value


async def check(net: Net, *pages: bytes, **spec: Any) -> list[Finding]:
    """What `check` says of a page."""
    async with peers.listening(peers.answering(*pages)) as peer:
        return list(await PrometheusProbe("m", PrometheusSpec((peer.url,), **spec), PACE, net).check())


def after(library: str) -> bytes:
    """The page with all its series."""
    return (DATA / library / "after.prom").read_bytes()


def test_every_page_is_known_and_every_preset_has_one() -> None:
    """`generic` is for libraries that are none of the others."""
    assert sorted(LIBRARIES) == sorted(folder.name for folder in DATA.iterdir())
    assert {known.preset for known in LIBRARIES.values()} | {"generic"} == set(PRESETS)


@pytest.mark.parametrize("library", LIBRARIES)
async def test_a_preset_counts_exactly_what_the_client_did(net: Net, library: str) -> None:
    """Answered errors, unhandled exceptions, a page of its own: nothing twice, nothing left out."""
    found = await reading(net, library, preset=LIBRARIES[library].preset)
    assert (found.errors, found.requests) == (truth(library)["errors"], requests_of(library))
    assert found.value == truth(library)["errors"] / requests_of(library)


@pytest.mark.parametrize("library", LIBRARIES)
async def test_auto_reads_a_page_as_its_own_preset_does(net: Net, library: str) -> None:
    """It needs no name."""
    named = await reading(net, library, preset=LIBRARIES[library].preset)
    assert await reading(net, library, preset="auto") == named


@pytest.mark.parametrize("library", LIBRARIES)
async def test_auto_says_which_library_it_has_found(net: Net, library: str) -> None:
    """A note, and no problem."""
    found = await check(net, after(library), preset="auto")
    assert f"`preset: auto` reads this page as `{LIBRARIES[library].preset}`, by " in found[0].text
    assert not any(one.problem for one in found)


@pytest.mark.parametrize("library", LIBRARIES)
async def test_a_page_of_another_library_names_the_preset_that_fits(net: Net, library: str) -> None:
    """Whoever has written the wrong name is told the right one."""
    wrong = "kong" if LIBRARIES[library].preset != "kong" else "caddy"
    found = await check(net, after(library), preset=wrong)
    assert len(found) == 1
    assert found[0].text.startswith("instance 1: the page has no series `")
    assert found[0].text.endswith(f"; `preset: {LIBRARIES[library].preset}` fits this page")


@pytest.mark.parametrize("library", TIMED)
async def test_auto_reads_the_durations_that_its_own_preset_does(net: Net, library: str) -> None:
    """And says by which name."""
    named = await reading(net, library, "response_time", preset=LIBRARIES[library].preset, mean="")
    assert await reading(net, library, "response_time", preset="auto", mean="") == named
    found = await check(net, after(library), preset="auto", mean="")
    assert "`preset: auto` reads the durations of " in found[0].text


@pytest.mark.parametrize("library", TIMED)
async def test_the_mean_of_a_preset_is_what_requests_took(net: Net, library: str) -> None:
    """In milliseconds, whatever the unit of the page: twenty of 120 ms, and little for the others."""
    found = await reading(net, library, "response_time", preset=LIBRARIES[library].preset, mean="")
    true = truth(library)
    least = SLOW_SHARE / (true["requests"] + true["scrapes"])
    assert least <= number(found) <= true["mean_ms"] * true["requests"] / (true["requests"] - ABSENT)


@pytest.mark.parametrize("library", BUCKETS)
async def test_the_quantile_of_a_preset_lies_in_the_bucket_of_the_truth(net: Net, library: str) -> None:
    """A sixth of the requests takes 120 ms, so that the 95th percentile does."""
    found = await reading(net, library, "response_time", preset=LIBRARIES[library].preset, quantile=0.95)
    low, high = LIBRARIES[library].bucket or (0, 0)
    assert low < number(found) <= high
    assert low < 120 <= truth(library)["p95_ms"] <= high


@pytest.mark.parametrize("library", SUMS)
async def test_a_quantile_of_a_page_without_buckets_is_refused_and_not_awaited(
    net: Net, library: str
) -> None:
    """A summary says sum and count for ever: failed, not quiet, and `check` says what to write."""
    spec: dict[str, Any] = {"preset": LIBRARIES[library].preset, "quantile": 0.95}
    found = judge(NOW, await reading(net, library, "response_time", **spec))
    assert isinstance(found, NoData)
    assert (found.reason, found.quiet) == ("no_histogram", False)
    assert "mean: " in (await check(net, after(library), **spec))[0].text


async def test_haproxy_keeps_no_durations_that_a_preset_could_read(net: Net) -> None:
    """Its averages are gauges: `value` reads them."""
    with pytest.raises(OperatorError, match="`preset: haproxy` knows no durations"):
        await check(net, after("haproxy"), preset="haproxy", quantile=0.95)


async def test_a_page_that_counts_for_an_application_and_its_proxy_is_asked_about(net: Net) -> None:
    """Nobody knows which of both is meant: failed in a watch, and `check` names both."""
    start = b"process_start_time_seconds "
    page = after("flask") + b"\n".join(
        line for line in after("traefik").splitlines() if not line.startswith(start)
    )
    found = await check(net, page, preset="auto")
    assert len(found) == 1
    assert "traefik (traefik_service_requests_total) and flask (flask_http_request_total)" in found[0].text
    assert found[0].text.endswith("write `preset: traefik` or `preset: flask`")
    async with peers.listening(peers.answering(page)) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset="auto"), PACE, net)
        assert (await probe.read(NOW))[0].reason == "ambiguous_preset"
    assert not any(one.problem for one in await check(net, page, preset="flask"))


async def test_what_begins_to_count_during_a_watch_does_not_make_auto_doubt(net: Net) -> None:
    """It stays with the library that it has taken; a page without that is looked at anew."""
    flask = 'flask_http_request_total{status="200"}'
    pages = [
        f"{flask} {n}\n{more}"
        for n, more in ((5, ""), (105, 'traefik_service_requests_total{code="200"} 9\n'))
    ]
    async with peers.listening(peers.answering(*pages)) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset="auto"), PACE, net)
        await probe.read(NOW)
        assert (await probe.read(NOW + 5 * SECOND))[0].requests == 100


@pytest.mark.parametrize("address", ["", "/"])
async def test_a_page_at_the_root_leaves_out_no_request_without_a_path(net: Net, address: str) -> None:
    """An empty label is a request of no known route."""
    pages = [f'http_requests_total{{status="2xx",handler=""}} {n}\n' for n in (5, 105)]
    async with peers.listening(peers.answering(*pages)) as peer:
        url = peer.url.removesuffix("/metrics") + address
        probe = PrometheusProbe("error_rate", PrometheusSpec((url,), preset="fastapi"), PACE, net)
        await probe.read(NOW)
        assert (await probe.read(NOW + 5 * SECOND))[0].requests == 100


async def test_a_route_that_catches_all_the_others_is_no_sum(net: Net) -> None:
    """Express' `*` may be as frequent as all others."""
    name = 'http_request_duration_seconds_count{status_code="200"'
    pages = [f'{name},path="*"}} {n}\n{name},path="/a"}} {n}\n' for n in (100, 200)]
    async with peers.listening(peers.answering(*pages)) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset="express"), PACE, net)
        await probe.read(NOW)
        assert (await probe.read(NOW + 5 * SECOND))[0].requests == 200


async def test_a_page_of_no_known_library_is_told_so_once(net: Net) -> None:
    """No guess where nothing fits."""
    found = await check(net, b"my_requests 5\n", preset="auto")
    assert len(found) == 1
    assert found[0].text.startswith("instance 1: the page has no series `")
    assert "fits this page" not in found[0].text


STATUS_LABELS = (
    "status",
    "code",
    "status_code",
    "http_status_code",
    "http_response_status_code",
    "response_code",
    "http_status",
)


@pytest.mark.parametrize("label", STATUS_LABELS)
@pytest.mark.parametrize("name", ["http_requests_total", "http_request_duration_seconds_count"])
async def test_generic_tries_every_label_in_use(net: Net, name: str, label: str) -> None:
    """Whatever an application calls the status of a response."""
    pages = [
        f'{name}{{{label}="200"}} {ok}\n{name}{{{label}="503"}} {bad}\n' for ok, bad in ((5, 0), (105, 7))
    ]
    async with peers.listening(peers.answering(*pages)) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset="generic"), PACE, net)
        await probe.read(NOW)
        found = (await probe.read(NOW + 5 * SECOND))[0]
    assert (found.errors, found.requests) == (7, 107)


@pytest.mark.parametrize("label", ["path", "route", "handler", "endpoint", "uri"])
@pytest.mark.parametrize("preset", ["generic", "go"])
async def test_our_own_reads_are_left_out_where_any_label_tells_them(
    net: Net, preset: str, label: str
) -> None:
    """Also with a slash at the end, as a mounted page has it."""
    paths = ((200, "/a"), (500, "/a"), (200, "/metrics"), (307, "/metrics/"))
    pages = [
        "".join(f'http_requests_total{{code="{code}",{label}="{path}"}} {n}\n' for code, path in paths)
        for n in (0, 100)
    ]
    async with peers.listening(peers.answering(*pages)) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset=preset), PACE, net)
        await probe.read(NOW)
        assert (await probe.read(NOW + 5 * SECOND))[0].requests == 200


async def test_a_label_that_all_series_get_with_the_first_error_is_no_restart(net: Net) -> None:
    """OpenTelemetry's Python: `error_type` is empty on what has been there; the first errors count."""
    name = "http_server_request_duration_seconds_count"
    pages = (
        f'{name}{{http_response_status_code="200"}} 100\n',
        f'{name}{{error_type="",http_response_status_code="200"}} 149\n'
        f'{name}{{error_type="ValueError",http_response_status_code=""}} 1\n',
    )
    async with peers.listening(peers.answering(*pages)) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset="opentelemetry"), PACE, net)
        await probe.read(NOW)
        found = (await probe.read(NOW + 5 * SECOND))[0]
    assert (found.errors, found.requests) == (1, 50)


@pytest.mark.parametrize(
    "series", ["http_server_request_duration_seconds_count", "http_server_duration_milliseconds_count"]
)
async def test_opentelemetry_without_a_status_at_all_is_no_rate(net: Net, series: str) -> None:
    """A view that drops the status is told; it reads neither as 0 % nor as 100 %."""
    page = f'{series}{{http_route="/a"}} 100\n'.encode()
    assert "no error would ever be counted" in (await check(net, page, preset="opentelemetry"))[0].text


async def test_exceptions_that_happen_to_equal_the_requests_are_not_counted_twice(net: Net) -> None:
    """Rack counts them apart: every second request raises, and both counters grow alike."""
    good = 'http_server_requests_total{code="200",path="/a"}'
    raised = 'http_server_exceptions_total{exception="E"}'
    pages = [f"{good} {n}\n{raised} {n}\n" for n in (100, 200)]
    async with peers.listening(peers.answering(*pages)) as peer:
        probe = PrometheusProbe("error_rate", PrometheusSpec((peer.url,), preset="rack"), PACE, net)
        await probe.read(NOW)
        assert (await probe.read(NOW + 5 * SECOND))[0].value == 0.5


def test_pages_name_no_machine() -> None:
    """What was collected is shown to everybody."""
    for file in Path(DATA).glob("*/*"):
        text = file.read_text(encoding="utf-8")
        assert "/tmp/" not in text
        assert "/root/" not in text
        assert "hostname=" not in text
