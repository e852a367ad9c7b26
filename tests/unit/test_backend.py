"""The stored watches of several targets: one whose database is away takes no other with it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from monitor.backend import StoredWatches
from monitor.errors import DatabaseUnreachable
from monitor.ports import Control, Registered, WatchRequest
from tests.fakes import MemoryStore
from tests.stored import registration


async def refuse(request: WatchRequest) -> Registered:
    raise AssertionError(f"nothing is registered here: {request.migration}")


async def two_targets(away: str) -> tuple[StoredWatches, str]:
    """Targets a and b, a watch on the one that answers; its id."""
    stores = {name: MemoryStore(name) for name in ("a", "b")}
    healthy = next(name for name in stores if name != away)
    row, _ = await stores[healthy].register(registration("add_email", target=healthy))
    stores[away].away = True
    return StoredWatches(stores, refuse), row.id


@pytest.mark.parametrize("away", ["a", "b"])
async def test_a_watch_is_controlled_by_its_id_whichever_other_database_is_away(away: str) -> None:
    """By the command line and by the API, and it can be looked at."""
    watches, id = await two_targets(away)
    await watches.control(id, Control.PAUSE, "dba", "looking")
    await watches.control_named(id, None, Control.RESUME, "dba", "looked")
    assert (await watches.watch(id) or {})["id"] == id


@pytest.mark.parametrize("away", ["a", "b"])
async def test_a_migrations_name_is_not_guessed_while_a_target_can_not_answer(away: str) -> None:
    """The same migration may be watched there too; the error says how to go on."""
    watches, _ = await two_targets(away)
    with pytest.raises(DatabaseUnreachable, match=f"target {away}: .* --target"):
        await watches.control_named("add_email", None, Control.CANCEL, "dba", "")
    healthy = "b" if away == "a" else "a"
    assert (await watches.named("add_email", healthy))["target"] == healthy


async def test_what_may_be_on_a_target_that_is_away_is_not_said_to_be_missing() -> None:
    """Unknown is not the same as not there."""
    watches, _ = await two_targets("a")
    with pytest.raises(DatabaseUnreachable):
        await watches.watch("w-of-a")


@pytest.mark.parametrize(
    ("controls", "phase", "verdict", "told"),
    [
        ([Control.PAUSE], "paused", None, "until it is resumed"),
        ([Control.PAUSE, Control.RESUME], "watching", None, "Waiting for the daemon"),
        ([Control.CANCEL], "ended", "cancelled", "This migration is no longer monitored"),
    ],
)
async def test_a_persons_word_is_shown_before_the_daemon_has_seen_it(
    controls: Sequence[Control], phase: str, verdict: str | None, told: str
) -> None:
    """Once committed it wins; so `wait` ends, and nobody pauses twice, without a daemon too."""
    watches, id = await two_targets("a")
    for control in controls:
        shown = await watches.control(id, control, "dba", "why")
    assert (shown["phase"], shown["verdict"]) == (phase, verdict)
    assert told in str(shown["next"])
    assert await watches.watch(id) == shown


async def test_targets_that_did_not_answer_are_named_beside_the_watches() -> None:
    """No watch and nobody to ask are different answers."""
    watches, id = await two_targets("a")
    found, silent = await watches.listed()
    assert ([w["id"] for w in found], silent) == ([id], ["a"])
