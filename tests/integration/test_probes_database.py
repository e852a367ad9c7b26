"""The database probe on every PostgreSQL major found: what it counts, and how it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from monitor.core.samples import SECOND, Reading
from monitor.demo.postgres import Server
from monitor.sources.database import DatabaseProbe
from monitor.sources.session import Session
from monitor.sources.sql import SqlProbe, SqlSpec
from tests import peers, servers
from tests.conftest import Database

NOW = 1_700_000_000 * SECOND


@pytest.fixture
async def probe(database: Database) -> AsyncIterator[DatabaseProbe]:
    made = DatabaseProbe(Session(database.dsn))
    yield made
    await made.aclose()


def gauge(probe: DatabaseProbe, name: str, **labels: str) -> float:
    return next(g.value for g in probe.gauges() if g.name == name and dict(g.labels) == labels)


async def test_it_counts_client_sessions_without_our_own(database: Database, probe: DatabaseProbe) -> None:
    """Three sessions of an application are three, whatever we hold ourselves."""
    ours = await asyncpg.connect(database.dsn, server_settings={"application_name": "migration-monitor/x"})
    app = [await asyncpg.connect(database.dsn) for _ in range(3)]
    connections, latency = await probe.read(NOW)
    assert connections == Reading("connections", 3.0)
    assert isinstance(latency.value, float)
    assert latency.value > 0
    for connection in (ours, *app):
        await connection.close()


async def test_it_sees_states_transactions_and_lock_waiters(database: Database, probe: DatabaseProbe) -> None:
    """One session idle in transaction holds a lock, one waits for it."""
    holder, waiter = await asyncpg.connect(database.dsn), await asyncpg.connect(database.dsn)
    await holder.execute("create table t (id int)")
    await holder.execute("begin; lock table t")
    waiting = asyncio.create_task(waiter.execute("begin; lock table t"))
    for _ in range(100):
        await probe.read(NOW)
        if gauge(probe, "database_lock_waiters") == 1:
            break
        await asyncio.sleep(0.02)
    assert gauge(probe, "database_lock_waiters") == 1
    assert gauge(probe, "database_sessions", state="idle in transaction") == 1
    assert gauge(probe, "database_longest_idle_in_transaction_seconds") > 0
    assert gauge(probe, "database_longest_transaction_seconds") > 0
    await holder.close()
    await asyncio.gather(waiting, return_exceptions=True)
    await waiter.close()


async def test_it_comes_back_after_its_session_was_killed(database: Database, probe: DatabaseProbe) -> None:
    """At most one read fails, with its reason; the next one is on a new connection."""
    await probe.read(NOW)
    admin = await asyncpg.connect(database.dsn)
    await admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name = 'migration-monitor/probe' and datname = current_database()"
    )
    while await admin.fetchval(
        "select count(*) from pg_stat_activity "
        "where application_name = 'migration-monitor/probe' and datname = current_database()"
    ):
        await asyncio.sleep(0.01)
    first, second = [await probe.read(NOW + n * SECOND) for n in (1, 2)]
    assert first[0].reason in {"", "unreachable"}
    assert second[0].value == 1.0
    await admin.close()


async def test_a_cancelled_read_leaves_the_next_one_healthy(database: Database, probe: DatabaseProbe) -> None:
    """A connection that was cut in the middle of an answer is not used again."""
    await probe.read(NOW)
    for _ in range(20):
        reading = asyncio.create_task(probe.read(NOW))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert (await probe.read(NOW))[0].value is not None


async def test_a_role_without_rights_is_told_what_to_grant(database: Database) -> None:
    """The remedy is in the sentence; a member of pg_monitor has nothing to fix."""
    admin = await asyncpg.connect(database.dsn)
    role = f"r_{database.name}"
    await admin.execute(f"create role {role} login")
    session = Session(database.server.dsn(database.name, role))
    probe = DatabaseProbe(session)
    assert any("GRANT pg_monitor" in f.text for f in await probe.check() if f.problem)
    await admin.execute(f"grant pg_monitor to {role}")
    assert not any(found.problem for found in await probe.check())
    await probe.aclose()
    await admin.execute(f"drop role {role}")
    await admin.close()


async def test_a_statement_of_the_operator_gives_a_value(database: Database) -> None:
    """Seconds become milliseconds, numeric and bigint are numbers."""
    session = Session(database.dsn)
    assert (await SqlProbe("lag", SqlSpec("select 0.25::numeric", "s"), session).read(NOW))[0].value == 250
    assert (await SqlProbe("n", SqlSpec("select count(*) from pg_class where false"), session).read(NOW))[
        0
    ].value == 0
    await session.aclose()


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("select 1 where false", "not_one_value"),
        ("select 1, 2", "not_one_value"),
        ("select null::int", "no_value"),
        ("select true", "not_a_number"),
        ("select 'NaN'::float8", "not_a_number"),
        ("select 'x'", "not_a_number"),
        ("select -1", "not_a_number"),
        ("select nonsense", "database_error"),
        ("select 1/0", "database_error"),
        ("create table t (id int)", "database_error"),
    ],
)
async def test_a_statement_without_one_number_is_no_data(database: Database, query: str, reason: str) -> None:
    """Nor may it write: the polling session is read-only."""
    session = Session(database.dsn)
    assert (await SqlProbe("m", SqlSpec(query), session).read(NOW)) == [Reading("m", reason=reason)]
    await session.aclose()


async def test_a_slow_statement_is_a_timeout_and_the_next_one_works(database: Database) -> None:
    """The deadline cuts the connection, and the session makes a new one."""
    session = Session(database.dsn, deadline=1.0)
    assert (await SqlProbe("m", SqlSpec("select pg_sleep(30)::text"), session).read(NOW))[
        0
    ].reason == "timeout"
    assert (await SqlProbe("m", SqlSpec("select 1"), session).read(NOW))[0].value == 1
    await session.aclose()


async def test_a_frozen_server_is_a_timeout_and_closes_in_time() -> None:
    """Fault 7: it accepts and stays silent."""
    async with peers.listening(peers.silent) as peer:
        probe = DatabaseProbe(
            Session(f"postgresql://postgres@127.0.0.1:{peer.port}/x?sslmode=disable", deadline=0.3)
        )
        assert [r.reason for r in await probe.read(NOW)] == ["timeout", "timeout"]
        async with asyncio.timeout(5):
            await probe.aclose()


async def test_a_stopped_server_fails_and_a_started_one_is_read_again(own_server: Server) -> None:
    """Fault 10: an immediate stop and a start."""
    probe = DatabaseProbe(Session(own_server.dsn()))
    assert (await probe.read(NOW))[0].value == 0
    own_server.stop("immediate")
    assert [r.reason for r in await probe.read(NOW)] == ["unreachable"] * 2
    own_server.start()
    await probe.read(NOW)
    assert (await probe.read(NOW))[0].value == 0
    await probe.aclose()


@pytest.fixture(params=[b.major for b in servers.BINARIES], ids=lambda major: f"pg{major}")
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of this test alone."""
    made = Server(next(b for b in servers.BINARIES if b.major == request.param))
    made.start()
    yield made
    made.remove()


WITH_STATEMENTS = [b.major for b in servers.BINARIES if b.has_pg_stat_statements]


@pytest.fixture(params=WITH_STATEMENTS, ids=lambda major: f"pg{major}")
async def with_statements(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A database with pg_stat_statements in a schema of its own."""
    pg = servers.server(request.param)
    name = await servers.new_database(pg)
    database = Database(pg, name)
    admin = await asyncpg.connect(database.dsn)
    await admin.execute('create schema "odd name"; create extension pg_stat_statements schema "odd name"')
    await admin.close()
    yield database
    await servers.drop_database(pg, name)


if WITH_STATEMENTS:

    async def test_latency_is_the_mean_of_the_calls_since_the_last_read(with_statements: Database) -> None:
        """Ten calls of about 20 ms, and nothing of what was before."""
        probe = DatabaseProbe(Session(with_statements.dsn))
        app = await asyncpg.connect(with_statements.dsn)
        await app.execute("select pg_sleep(0.3)")
        await probe.read(NOW)
        await probe.read(NOW + 60 * SECOND)
        for _ in range(10):
            await app.execute("select pg_sleep(0.02)")
        latency = (await probe.read(NOW + 120 * SECOND))[1]
        assert isinstance(latency.value, float)
        assert 10 < latency.value < 60
        await app.close()
        await probe.aclose()

    async def test_a_reset_is_not_read_as_a_change(with_statements: Database) -> None:
        """After it the poll's own time is the value."""
        probe = DatabaseProbe(Session(with_statements.dsn))
        app = await asyncpg.connect(with_statements.dsn)
        await probe.read(NOW)
        await app.execute('select "odd name".pg_stat_statements_reset()')
        for _ in range(5):
            await app.execute("select pg_sleep(0.1)")
        latency = (await probe.read(NOW + 60 * SECOND))[1]
        assert isinstance(latency.value, float)
        assert latency.value < 50
        await app.close()
        await probe.aclose()

    async def test_without_the_right_to_it_both_metrics_are_measured_and_the_server_logs_no_error(
        with_statements: Database,
    ) -> None:
        """`check` names the schema and the grant; with it the sums are read."""
        server, role = with_statements.server, f"r_{with_statements.name}"
        admin = await asyncpg.connect(with_statements.dsn)
        await admin.execute(f"create role {role} login; grant pg_monitor to {role}")
        probe = DatabaseProbe(Session(server.dsn(with_statements.name, role)))
        logged = refusals(server)
        for n in range(3):
            assert all(r.value is not None for r in await probe.read(NOW + n * SECOND))
        (note,) = await probe.check()
        assert not note.problem
        assert note.text.startswith('the role may not use pg_stat_statements in schema "odd name"')
        assert f'GRANT USAGE ON SCHEMA "odd name" TO "{role}"' in note.text
        assert refusals(server) == logged
        await admin.execute(f'grant usage on schema "odd name" to {role}')
        assert await probe.check() == []
        await probe.aclose()
        await admin.execute(f"drop owned by {role}; drop role {role}")
        await admin.close()


def refusals(server: Server) -> int:
    """How often the server's log says that somebody may not do something."""
    return server.log().count("permission denied")
