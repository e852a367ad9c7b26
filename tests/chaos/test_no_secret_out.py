"""Secrets that stand in DSNs and URLs, and markup that comes from outside: neither gets out as it came in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from monitor.channels.slack import Slack
from monitor.errors import DatabaseError, SourceError
from monitor.net import Net
from monitor.plan.prepare import Options, prepare
from monitor.rollback.executor import RollbackExecutor
from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from tests.alerts import FIRING, NetPost, receiver
from tests.rollbacks import DROP_COLUMN
from tests.stored import registration

CANARY = "canary-7f3a"

DSN = f"postgresql://{CANARY}:{CANARY}@127.0.0.1:1/{CANARY}?application_name={CANARY}"


@pytest.mark.fault(37)
async def test_a_dsn_and_a_url_that_fail_never_show_what_they_hold() -> None:
    """Fault 37: store, registry, registration, execution and a source, each over an address that refuses."""
    store, registry, net = PgStore("shop", DSN), PgRegistry("shop", DSN), Net()
    executor = RollbackExecutor(DSN, "shop")
    said: list[str] = []
    for attempt in (
        store.open(), registry.register(registration()), registry.find("m1"),
        prepare(DSN, DROP_COLUMN, Options()),
    ):  # fmt: skip
        with pytest.raises(DatabaseError) as failed:
            await attempt
        said += [str(failed.value), repr(failed.value)]
    with pytest.raises(SourceError) as refused:
        await net.get(f"http://{CANARY}:{CANARY}@127.0.0.1:1/{CANARY}?key={CANARY}", deadline=2)
    said += [str(refused.value), repr(refused.value), repr(store), repr(executor)]
    for it in (store, registry, executor, net):
        await it.aclose()
    assert [text for text in said if CANARY in text] == []


@pytest.mark.fault(37)
async def test_markup_and_newlines_of_others_reach_nobody_as_markup() -> None:
    """Fault 37: a title that would call the whole channel, and one that would begin a line of its own."""
    net = Net()
    async with receiver() as chat:
        hostile = "<!channel> <https://evil.example|click>\n\nCRITICAL: all is well"
        await Slack("chat", NetPost(net), chat.url()).send("w-1/1/chat", replace(FIRING, title=hostile))
    await net.aclose()
    (request,) = chat.got
    text = json.dumps(request.json(), ensure_ascii=False)
    assert "<!channel>" not in text
    assert "<https://evil.example" not in text
    assert "\\n\\nCRITICAL: all is well" not in text
