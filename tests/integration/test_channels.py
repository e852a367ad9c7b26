"""Each channel against a real receiver on loopback, over the real HTTP client."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from standardwebhooks import Webhook as Oracle
from structlog.testing import capture_logs

from monitor.channels import CHANNELS
from monitor.channels.log import Log
from monitor.channels.pagerduty import PagerDuty
from monitor.channels.slack import Slack
from monitor.channels.webhook import Webhook
from monitor.errors import ChannelError
from monitor.net import Net
from tests.alerts import FIRING, RESOLVED, NetPost, receiver

CANARY = "canary-5ecret"
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture
async def post() -> AsyncIterator[NetPost]:
    net = Net()
    yield NetPost(net)
    await net.aclose()


async def test_slack_receives_text_and_blocks(post: NetPost) -> None:
    """The fallback text is always there, the facts are fields."""
    async with receiver() as chat:
        await Slack("slack", post, chat.url()).send("key", FIRING)
    body = chat.got[0].json()
    assert body["text"].startswith("CRITICAL: 0042_rename_email on shop: error rate 5.2 %")
    assert body["blocks"][0]["type"] == "header"
    assert {"type": "mrkdwn", "text": "*error rate*\n5.2 %, limit 1 %"} in body["blocks"][1]["fields"]
    assert "migration-monitor pause" in body["blocks"][-2]["text"]["text"]


async def test_the_pager_is_triggered_and_resolved_with_one_key(post: NetPost) -> None:
    """Events v2: routing key, action, dedup key, severity."""
    async with receiver((202, {}), (202, {})) as pager:
        channel = PagerDuty("pagerduty", post, "r" * 32, pager.url("/v2/enqueue"))
        await channel.send("key-1", FIRING)
        await channel.send("key-2", RESOLVED)
    trigger, resolve = pager.got[0].json(), pager.got[1].json()
    assert trigger["routing_key"] == resolve["routing_key"] == "r" * 32
    assert trigger["dedup_key"] == resolve["dedup_key"] == FIRING.condition
    assert (trigger["event_action"], resolve["event_action"]) == ("trigger", "resolve")
    assert trigger["payload"]["severity"] == "critical"
    assert trigger["payload"]["custom_details"]["error rate"] == "5.2 %, limit 1 %"


async def test_the_pager_hears_nothing_that_should_wake_nobody(post: NetPost) -> None:
    """An alert without `page` is not sent; a resolve always is, or an incident would stay open."""
    async with receiver() as pager:
        channel = PagerDuty("pagerduty", post, "r" * 32, pager.url())
        await channel.send("key-1", replace(FIRING, page=False))
        await channel.send("key-2", replace(RESOLVED, page=False))
    assert [r.json()["event_action"] for r in pager.got] == ["resolve"]


async def test_the_webhooks_signature_is_accepted_by_the_standards_own_library(post: NetPost) -> None:
    """Signed over id, timestamp and body; the id is the same for a repeat."""
    async with receiver() as hook:
        channel = Webhook("webhook", post, hook.url(), SECRET)
        await channel.send("key", FIRING)
        await channel.send("key", FIRING)
    first, again = hook.got
    verified = Oracle(SECRET).verify(first.body, dict(first.headers))
    assert verified["data"]["condition"] == FIRING.condition
    assert first.headers["webhook-id"] == again.headers["webhook-id"]


async def test_while_keys_are_rotated_either_secret_verifies(post: NetPost) -> None:
    """Several secrets, separated by spaces, sign the same message."""
    other = "whsec_" + base64.b64encode(b"another-key-another-key-another!").decode()
    async with receiver() as hook:
        await Webhook("webhook", post, hook.url(), f"{other} {SECRET}").send("key", FIRING)
    for secret in (SECRET, other):
        assert Oracle(secret).verify(hook.got[0].body, dict(hook.got[0].headers))


@pytest.mark.parametrize(
    ("resolves", "event", "level"), [(False, "alert.raised", "critical"), (True, "alert.resolved", "info")]
)
async def test_the_log_holds_one_line_with_everything(resolves: bool, event: str, level: str) -> None:
    """A constant event name, the rest as keys, the level of the severity."""
    with capture_logs() as logged:
        await Log("log").send("key", replace(FIRING, resolves=resolves))
    assert [(line["event"], line["log_level"]) for line in logged] == [(event, level)]
    assert logged[0]["facts"]["error rate"] == "5.2 %, limit 1 %"


@pytest.mark.parametrize(
    ("status", "final", "retry_after"),
    [(429, False, 7.0), (500, False, None), (503, False, 7.0), (400, True, None), (410, True, None)],
)
async def test_an_answer_says_whether_to_try_again(
    post: NetPost, status: int, final: bool, retry_after: float | None
) -> None:
    """Retry-After is honoured where trying again makes sense."""
    headers = {} if status == 500 else {"retry-after": "7"}
    async with receiver((status, headers)) as chat:
        with pytest.raises(ChannelError) as caught:
            await Slack("slack", post, chat.url(f"/{CANARY}")).send("key", FIRING)
    assert (caught.value.final, caught.value.retry_after) == (final, retry_after)
    assert f"status {status}" in str(caught.value)
    assert CANARY not in str(caught.value)


async def test_a_refused_connection_is_tried_again_and_names_no_url(post: NetPost) -> None:
    """The URL of a webhook is a secret."""
    async with receiver() as gone:
        url = gone.url(f"/{CANARY}")
    with pytest.raises(ChannelError) as caught:
        await Slack("slack", post, url).send("key", FIRING)
    assert not caught.value.final
    assert CANARY not in repr(caught.value)


async def test_a_redirect_is_not_followed_and_is_final(post: NetPost) -> None:
    """A signed message goes where the operator said, or nowhere."""
    async with receiver((302, {"location": "/elsewhere"})) as hook:
        with pytest.raises(ChannelError) as caught:
            await Webhook("webhook", post, hook.url(), SECRET).send("key", FIRING)
    assert caught.value.final
    assert len(hook.got) == 1


@pytest.mark.parametrize("failure", [OSError(CANARY), TimeoutError(CANARY)])
async def test_a_post_that_raises_what_sockets_raise_is_a_channel_error(failure: OSError) -> None:
    """Whatever stands behind the port, the sender sees one kind of error."""

    async def broken(*_: object, **__: object) -> tuple[int, dict[str, str], bytes]:
        raise failure

    with pytest.raises(ChannelError) as caught:
        await Slack("slack", broken, "http://x").send("key", FIRING)
    assert CANARY not in str(caught.value)
    assert not caught.value.final


async def test_every_kind_opens_from_the_options_of_the_configuration(post: NetPost) -> None:
    """One line in the registry is all it takes; what is opened delivers and closes."""
    async with receiver() as any_kind:
        written = {
            "log": {},
            "slack": {"webhook_url": any_kind.url()},
            "pagerduty": {"routing_key": "r", "url": any_kind.url()},
            "webhook": {"url": any_kind.url(), "secret": SECRET},
        }
        assert written.keys() == CHANNELS.keys()
        for kind, keys in CHANNELS.items():
            channel = keys.model_validate(written[kind]).open(f"{kind}-2", post)
            await channel.send("key", FIRING)
            assert channel.name == f"{kind}-2"
            await channel.aclose()
    assert len(any_kind.got) == 3


async def test_cancelling_a_send_cancels_it(post: NetPost) -> None:
    """Cancellation is never turned into an error of the channel."""
    async with receiver((-1, {})) as hangs:
        task = asyncio.create_task(Slack("slack", post, hangs.url()).send("key", FIRING))
        await hangs.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
