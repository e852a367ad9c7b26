"""What receivers answer to our alerts, what clients ask of the API, and what the database gives back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from monitor.channels.post import RETRY_AFTER_MAX, refusal, seconds_of
from monitor.channels.slack_bot import SlackBot
from monitor.errors import ChannelError
from monitor.sources.counters import Meter, Page, Rates
from monitor.web.guard import Refusal
from monitor.web.requests import (
    LIMIT_MAX,
    MOMENT_MAX,
    REASON_MAX,
    json_object,
    limit,
    moment,
    number,
    reason_of,
)
from monitor.web.stream import Stream
from tests.fuzz.bounds import bounded, fuzzed, is_a_sentence
from tests.fuzz.canned import LOOP, NOW
from tests.fuzz.mutated import altered, as_json, json_values, mutated, texts
from tests.stored import alert

DATES = (b"Mon, 20 Nov 1995 19:12:08 -0500", b"120", b"Sunday, 06-Nov-94 08:49:37 GMT")


@fuzzed
@given(st.one_of(texts(), mutated(DATES).map(lambda b: b.decode("latin-1"))), st.integers(100, 599))
@example("Mon, 20 Nov 99999999999999999999 10:00:00 +0000", 503)
@example("Mon, 20 Nov 0001 00:00:00 +2359", 503)
@example("9" * 5000, 429)
@example("\N{SUPERSCRIPT TWO}", 429)
def test_retry_after_is_a_time_within_an_hour_or_nothing(text: str, status: int) -> None:
    """A receiver can't silence a channel, nor stop it."""
    with bounded():
        found = seconds_of(text, datetime(2026, 1, 1, tzinfo=UTC))
    assert found is None or 0 <= found <= RETRY_AFTER_MAX
    assert is_a_sentence(str(refusal(status, text)))


GIVEN = {"ok": True, "channel": "C123", "ts": "1700000000.000100", "message": {"text": "x"}}


@fuzzed
@given(
    st.one_of(
        altered(GIVEN).map(as_json), mutated([as_json(GIVEN)]),
        st.sampled_from([b"ok", b"[" * 100_000, b'{"ok": false, "error": ["x"]}']),
    ),
    st.sampled_from(["", "C1/2.3", "/", "C1/"]),
)  # fmt: skip
@example(b'{"ok": true, "channel": "C\\u0000", "ts": "1"}', "")
@example(b'{"ok": true, "channel": {"a": 1}, "ts": [2]}', "")
@example(b'{"ok": true, "channel": "C1", "ts": "' + b"9" * 100_000 + b'"}', "")
@example(b'{"ok": true, "channel": "a/b", "ts": "1"}', "")
def test_an_answer_of_slack_is_a_receipt_or_a_refusal(body: bytes, earlier: str) -> None:
    """A receipt is stored and sent again: it is short, and of a kind that names a message."""

    async def post(
        url: str, *, content: bytes, headers: Mapping[str, str], deadline: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        return 200, {}, body

    bot = SlackBot("slack", post, "xoxb-canary", "C123")
    try:
        with bounded():
            receipt = LOOP.run_until_complete(bot.send("key", alert("w-1").alert, earlier))
    except ChannelError as e:
        assert is_a_sentence(str(e))
        assert "canary" not in str(e)
        return
    assert receipt.isprintable()
    assert len(receipt) < 200
    if receipt not in {"", earlier}:
        channel, slash, ts = receipt.partition("/")
        assert receipt == "over" or (channel.isalnum() and slash and ts.replace(".", "").isdigit())


def request(query: str = "", body: bytes = b"", piece: int = 5) -> Request:
    """As the server hands it on."""
    pieces = [body[at : at + piece] for at in range(0, len(body), piece)] or [b""]
    found = [{"type": "http.request", "body": p, "more_body": True} for p in pieces]

    async def receive() -> dict[str, object]:
        return found.pop(0) if found else {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "query_string": query.encode("utf-8", "surrogatepass"), "headers": []}
    return Request(scope, receive)


BODIES = (b'{"reason": "all is well"}', b'{"migration": "0042", "sql": "SELECT 1", "mode": "auto"}')


@fuzzed
@given(st.one_of(mutated(BODIES), json_values().map(as_json)), st.integers(1, 9))
@example(b"[" * 3000, 1000)
@example(b'{"a": ' + b"9" * 5000 + b"}", 1000)
@example(b'{"reason": "\\ud800"}', 5)
def test_a_body_is_an_object_or_refused(body: bytes, piece: int) -> None:
    """With a status of the client's fault."""
    try:
        with bounded():
            found = LOOP.run_until_complete(json_object(request(body=body, piece=piece), 4000))
            reason = reason_of(found)
    except Refusal as e:
        assert 400 <= e.status < 500
        assert is_a_sentence(str(e))
        return
    assert len(reason) <= REASON_MAX
    assert "\0" not in reason
    reason.encode("utf-8", "surrogatepass")  # half a pair is replaced where it is stored


VALUES = st.one_of(texts(), st.integers().map(str), st.floats().map(str), st.just("0" * 20 + "99999999"))


@fuzzed
@given(VALUES)
@example("0" * 5000 + "1")
@example("000000001999999")
@example("\N{SUPERSCRIPT TWO}")
@example("1_0")
@example("Infinity")
def test_query_values_are_within_their_bounds_or_refused(text: str) -> None:
    """`since`, `after`, `limit`."""
    asked = Request({"type": "http", "query_string": b"", "headers": []})
    asked._query_params = {"x": text}  # type: ignore[assignment]  # any text, however it would be escaped
    for read, most in ((limit, LIMIT_MAX), (moment, MOMENT_MAX), (number, float("inf"))):
        try:
            with bounded():
                found = read(asked, "x")
        except Refusal as e:
            assert (e.status, is_a_sentence(str(e))) == (400, True)
            continue
        assert 0 <= found <= most
        assert found != float("inf")


@fuzzed
@given(st.integers(0, 700), st.one_of(texts(), st.sampled_from(["0", "1", "3", "-1"])), st.booleans())
@example(3, "0" * 5000 + "1", True)
@example(3, "0" * 18 + "9", True)
def test_a_listener_that_comes_back_misses_nothing_that_comes(news: int, last: str, ours: bool) -> None:
    """Whatever it says it has seen: it hears what is published next, and of a gap that it is one."""
    stream = Stream(keep_alive=0.01)
    for _ in range(news):
        stream.publish("round", {})
    given_id = f"{stream._life}-{last}" if ours else last

    async def heard() -> str:
        listening = stream.listen(given_id)
        said = await anext(listening)
        with contextlib.suppress(StopAsyncIteration):
            said += await _until_alive(listening)
            stream.publish("told", {})
            said += await _until_alive(listening)
        await listening.aclose()  # type: ignore[attr-defined]  # it is a generator
        return said

    with bounded():
        assert "event: told" in LOOP.run_until_complete(heard())


async def _until_alive(listening: AsyncIterator[str]) -> str:
    said = ""
    while "event: alive" not in said:
        said += await anext(listening)
    return said


def remembered() -> dict[str, object]:
    """What a meter stores after three reads of two instances."""
    meter = Meter(Rates())
    for n in range(3):
        page = Page({"requests": {"a": 100.0 * n, "b": 50.0 * n}, "errors": {"a": 1.0 * n}}, "1700000000.0")
        meter.take(NOW + n * 5_000_000, {"one": page, "two": page})
    return dict(json.loads(json.dumps(meter.memory())))


MEMORY = remembered()


@fuzzed
@given(st.one_of(altered(MEMORY), json_values()))
@example({**MEMORY, "last": float("inf")})
@example({**MEMORY, "window": [[0, 1, {"requests": float("nan")}]]})
@example({**MEMORY, "window": [[0, 1, {"requests": -5.0}]]})
def test_what_a_meter_remembers_is_taken_back_or_forgotten(memory: object) -> None:
    """Never an exception in a round, never a count that is none."""
    meter = Meter(Rates())
    meter.restore(memory)  # type: ignore[arg-type]  # the database gives what was stored
    json.dumps(meter.memory(), allow_nan=False)
    page = Page({"requests": {"a": 300.0, "b": 150.0}, "errors": {"a": 3.0}}, "1700000000.0")
    with contextlib.suppress(OverflowError):
        meter.take(NOW + 15_000_000, {"one": page, "two": page})
    window = meter.window(NOW + 15_000_000)
    assert all(0 <= n < float("inf") for n in window.values())
    again = Meter(Rates())
    again.restore(json.loads(json.dumps(meter.memory())))
    assert again.memory() == meter.memory()
