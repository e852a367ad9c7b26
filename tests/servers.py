"""Real PostgreSQL servers for tests: one per major and test process, one database per test."""

from __future__ import annotations

import itertools
import os

import asyncpg

from monitor.demo.postgres import Binaries, Server, find_binaries

BINARIES: list[Binaries] = find_binaries()
_running: dict[int, Server] = {}
_numbers = itertools.count()


def server(major: int) -> Server:
    """The shared server of a major, started at first use."""
    if major not in _running:
        binaries = next(b for b in BINARIES if b.major == major)
        settings = {
            "max_connections": "60",
            "client_connection_check_interval": "2s",
            "max_wal_size": "128MB",
        }
        if binaries.has_pg_stat_statements:
            settings["shared_preload_libraries"] = "pg_stat_statements"
        started = Server(binaries, settings)
        started.start()
        _running[major] = started
    return _running[major]


def stop_all() -> None:
    """At the end of a test process."""
    for running in _running.values():
        running.remove()
    _running.clear()


async def new_database(on: Server) -> str:
    """Creates an empty database and returns its name."""
    name = f"t{os.getpid()}_{next(_numbers)}"
    admin = await asyncpg.connect(on.dsn())
    try:
        copied = " STRATEGY FILE_COPY" if on.binaries.major >= 15 else ""  # through the log it takes longer
        await admin.execute(f'CREATE DATABASE "{name}"{copied}')
    finally:
        await admin.close()
    return name


async def forget_settings_of_roles(on: Server) -> None:
    """What earlier tests set for roles is of the whole cluster: every fingerprint taken after has it."""
    admin = await asyncpg.connect(on.dsn())
    try:
        for (role,) in await admin.fetch(
            "SELECT setrole::regrole::text FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole <> 0"
        ):
            await admin.execute(f"ALTER ROLE {role} RESET ALL")
    finally:
        await admin.close()


async def drop_database(on: Server, name: str) -> None:
    admin = await asyncpg.connect(on.dsn())
    try:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await admin.close()


async def take_all_connections(on: Server) -> list[asyncpg.Connection[asyncpg.Record]]:
    """Opens connections until the server refuses more, the superuser's reserve included."""
    taken: list[asyncpg.Connection[asyncpg.Record]] = []
    try:
        while True:
            taken.append(await asyncpg.connect(on.dsn()))
    except asyncpg.TooManyConnectionsError:
        return taken


async def give_back(taken: list[asyncpg.Connection[asyncpg.Record]]) -> None:
    for connection in taken:
        await connection.close()
