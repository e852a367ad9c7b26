"""What a message says, and that nothing in it can call people or break a receiver's limits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from monitor.channels.log import Log
from monitor.channels.message import message_of
from monitor.channels.outbox import rows_for
from monitor.channels.pagerduty import SUMMARY_MAX, dedup_key, events_of
from monitor.channels.post import refusal, seconds_of
from monitor.channels.slack import Slack, SlackChannel
from monitor.channels.slack_blocks import escape, payload
from monitor.errors import OperatorError
from monitor.net import Net
from monitor.signing import id_of, signing_key
from tests.alerts import FIRING, RESOLVED, NetPost

HUGE = replace(
    FIRING,
    title="<!channel> & " * 500,
    facts=tuple((f"label {i}", "a < b & c > d " * 200) for i in range(40)),
    next="<" * 5000,
    commands=tuple("migration-monitor pause `x` ```" * 100 for _ in range(30)),
)


def test_a_message_says_what_since_when_both_numbers_what_next_and_the_command() -> None:
    """All a person needs at three in the morning, in reading order."""
    assert message_of(FIRING).text().splitlines() == [
        "CRITICAL: 0042_rename_email on shop: error rate 5.2 % is above 1 % for 5 minutes: rolling back",
        "since: 11:55:00 UTC",
        "error rate: 5.2 %, limit 1 %",
        "target: shop",
        "migration: 0042_rename_email",
        "at: 2026-01-01 12:00:00 UTC",
        "next: the stored rollback runs now",
        "you can run: migration-monitor pause 0042_rename_email --reason TEXT",
    ]


def test_a_resolve_says_so_first() -> None:
    """The word stands where the severity stood."""
    assert message_of(RESOLVED).headline == "RESOLVED: 0042_rename_email on shop: rolled back"


def test_line_breaks_and_control_characters_do_not_survive() -> None:
    """One line stays one line."""
    alert = replace(FIRING, title="a\nb\r\n\x1b[31mc\u2028d", facts=(("x\ny", "1\n2"),))
    message = message_of(alert)
    assert message.headline == "CRITICAL: 0042_rename_email on shop: a b [31mc d"
    assert message.facts[0] == ("x y", "1 2")


def test_slack_mentions_are_taken_apart() -> None:
    """`<!channel>` and `@here` become text that calls nobody."""
    assert escape("<!channel> a&b", 100) == "&lt;!channel&gt; a&amp;b"
    assert "@here" not in escape("@here @everyone", 100)


@pytest.mark.parametrize("limit", [5, 6, 7, 8, 9])
def test_escaping_never_cuts_an_entity_in_two(limit: int) -> None:
    """What is kept is whole, and within the limit."""
    found = escape("<<<", limit)
    assert len(found) <= limit
    assert found.replace("&lt;", "").strip("…") == ""


def test_slack_limits_hold_for_a_huge_alert() -> None:
    """Header 150, ten fields of 2,000, section 3,000, 50 blocks, about 13,200 characters in all."""
    body = cast(dict[str, Any], payload(message_of(HUGE), "key"))
    blocks = body["blocks"]
    assert len(blocks[0]["text"]["text"]) <= 150
    assert len(blocks) <= 50
    assert all(len(block.get("fields", ())) <= 10 for block in blocks)
    texts = [f["text"] for b in blocks for f in b.get("fields", [])]
    texts += [b["text"]["text"] for b in blocks if "text" in b]
    assert max(map(len, texts)) <= 2100
    assert sum(map(len, texts)) + len(body["text"]) < 13_000


def test_no_command_can_close_slacks_code_block() -> None:
    """Three backquotes inside a command are taken apart."""
    code = cast(dict[str, Any], payload(message_of(HUGE), "key"))["blocks"][-2]["text"]["text"]
    assert code.count("```") == 2


def test_a_pager_event_keeps_its_limits() -> None:
    """Summary, key and size, for an alert as large as can be."""
    (event,) = cast(list[dict[str, Any]], list(events_of(replace(HUGE, condition="c" * 1000))))
    assert len(event["dedup_key"]) <= 255
    assert len(event["payload"]["summary"]) <= SUMMARY_MAX
    assert len(json.dumps(event)) < 512_000


@pytest.mark.parametrize("length", [254, 255, 256, 1000])
def test_a_dedup_key_is_the_condition_while_it_fits(length: int) -> None:
    """Longer ones end in a hash and stay different from each other."""
    key = dedup_key("c" * length)
    assert len(key) <= 255
    assert (key == "c" * length) is (length <= 255)
    assert key != dedup_key("c" * length + "x")


def test_a_resolve_closes_what_the_trigger_opened() -> None:
    """Both carry the same key."""
    (opened,), (closed,) = events_of(FIRING), events_of(RESOLVED)
    assert opened["event_action"] == "trigger"
    assert closed == {"event_action": "resolve", "dedup_key": opened["dedup_key"]}


def test_a_row_for_each_channel_has_a_key_of_watch_transition_and_channel() -> None:
    """The same alert always gives the same keys."""
    post = NetPost(Net())
    chat, log = Slack("slack", post, "http://x"), Log("log")
    rows = rows_for(FIRING, [chat, log])
    assert [r.key for r in rows] == [f"w-1/{FIRING.transition}/slack", f"w-1/{FIRING.transition}/log"]
    assert rows_for(replace(FIRING, watch_id=None), [log])[0].key == f"shop/{FIRING.transition}/log"


@pytest.mark.parametrize("status", [300, 302, 400, 404, 410, 499])
def test_a_message_the_receiver_refuses_is_not_sent_again(status: int) -> None:
    """3xx and 4xx say something about the message or the URL."""
    assert refusal(status, "5").final


@pytest.mark.parametrize("status", [408, 429, 500, 503, 599])
def test_a_receiver_in_trouble_is_asked_again(status: int) -> None:
    """408, 429 and 5xx pass, and Retry-After is heard."""
    error = refusal(status, "5")
    assert not error.final
    assert error.retry_after == 5.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("99999999999", 3600.0),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(text: str, seconds: float | None) -> None:
    """At most an hour; nonsense says nothing."""
    assert seconds_of(text, datetime(2026, 1, 1, 12, tzinfo=UTC)) == seconds


def test_webhook_ids_are_safe_in_a_header_and_the_same_for_a_repeat() -> None:
    """No full stop, no other alphabet."""
    key = "w-1/error_rate.rollback/ä\n/hook"
    assert id_of(key) == id_of(key)
    assert id_of(key).replace("msg_", "").isalnum()


@pytest.mark.parametrize("secret", ["whsec_!!!", "whsec_", "ä"])
def test_a_webhook_secret_that_is_no_base64_is_the_operators_error(secret: str) -> None:
    """One sentence with the remedy, without the secret."""
    with pytest.raises(OperatorError, match="write whsec_ and base64") as caught:
        signing_key(secret)
    assert "!!!" not in str(caught.value)


def test_a_slack_that_names_no_way_names_those_that_there_are() -> None:
    """Also when nobody has looked at its faults."""
    with pytest.raises(OperatorError, match="webhook_url"):
        SlackChannel.model_validate({}).open("slack", NetPost(Net()))


def test_every_repeat_of_a_slack_message_has_the_same_reference_and_no_other_message_has_it() -> None:
    """After a lost answer it is sent again: people see that it is the same."""
    first, again, other = (payload(message_of(HUGE), key) for key in ("a/1/slack", "a/1/slack", "a/2/slack"))
    assert first == again != other
