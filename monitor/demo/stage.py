"""What the demonstration plays on: a folder with real files, a real database, real processes.

The configuration is an operator's, except for what SHORTENED names. This file starts things;
what happens with them is the story's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor import pg
from monitor.demo.interrupts import Interrupts
from monitor.demo.leash import Leash
from monitor.demo.postgres import Binaries, Server, free_port, new_root

MIGRATION = "add_contact_email"
FORWARD = "ALTER TABLE contacts RENAME COLUMN email TO email_address;"
BACK = "ALTER TABLE contacts RENAME COLUMN email_address TO email;"

HOLD_SECONDS = 15
"""Three intervals: the least that a configuration may ask for."""

SHORTENED = (("rollback_for", "5m", f"{HOLD_SECONDS}s"),)
"""Key, documented default, and what the demonstration uses. Everything else is the default."""

CONFIG = """\
targets:
  shop:
    database:
      dsn: ${SHOP_DSN}                # a role that may only read statistics
      rollback_dsn: ${SHOP_OWNER_DSN} # the role that owns the tables
    metrics:
      error_rate:
        prometheus: {urls: ["http://127.0.0.1:%(shop)d/metrics"], preset: fastapi}
      response_time:
        json: {url: "http://127.0.0.1:%(shop)d/stats", value: response_time_ms, unit: ms}
thresholds:
  error_rate: {rollback_for: %(rollback_for)s}
alerts:
  - slack: {webhook_url: "${SLACK_WEBHOOK_URL}"}
server: {listen: "127.0.0.1:%(daemon)d"}
"""

ROLES = """
CREATE ROLE shop_owner LOGIN;
CREATE ROLE shop_app LOGIN;
CREATE ROLE shop_monitor LOGIN;
GRANT pg_monitor TO shop_monitor;
"""

TABLES = """
CREATE TABLE contacts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, email text NOT NULL);
CREATE TABLE products (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, price_cents int NOT NULL);
INSERT INTO contacts (name, email)
  SELECT 'Customer ' || n, 'customer' || n || '@example.org' FROM generate_series(1, 1000) n;
INSERT INTO products (title, price_cents) SELECT 'Product ' || n, 100 * n FROM generate_series(1, 20) n;
GRANT SELECT, INSERT ON contacts, products TO shop_app;
"""  # noqa: E501  # a table reads better in one line

COLUMNS = """
SELECT attname FROM pg_catalog.pg_attribute
WHERE attrelid = 'public.contacts'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Folder, server and ports of one demonstration."""

    folder: Path
    server: Server
    shop_port: int
    daemon_port: int
    slack_url: str

    @property
    def config(self) -> Path:
        return self.folder / "monitor.yaml"

    @property
    def rollback_file(self) -> Path:
        return self.folder / f"{MIGRATION}.rollback.sql"

    @property
    def daemon_log(self) -> Path:
        return self.folder / "daemon.log"

    def monitor(self, *arguments: str) -> list[str]:
        """The product's own command line."""
        return [sys.executable, "-m", "monitor", "--config", str(self.config), *arguments]

    def environment(self) -> Mapping[str, str]:
        """Ours, with what the configuration reads from it."""
        ours = {k: v for k, v in os.environ.items() if not k.startswith("MIGRATION_MONITOR_")}
        return {
            **ours,
            "SHOP_DSN": self.server.dsn("shop", "shop_monitor"),
            "SHOP_OWNER_DSN": self.server.dsn("shop", "shop_owner"),
            "SLACK_WEBHOOK_URL": self.slack_url,
            "PYTHONUNBUFFERED": "1",
        }

    def start_shop(self, leash: Leash) -> subprocess.Popen[bytes]:
        """The web application, as a process of its own with rights of its own."""
        command = [sys.executable, "-m", "monitor.demo.shop", str(self.shop_port)]
        env = {**os.environ, "SHOP_DSN": self.server.dsn("shop", "shop_app")}
        return leash.spawn(command, env, self.folder / "shop.log")

    def start_daemon(self, leash: Leash) -> subprocess.Popen[bytes]:
        """The product, as a process of its own."""
        return leash.spawn(self.monitor("run"), self.environment(), self.daemon_log)


def set_up(leash: Leash, binaries: Binaries, slack_url: str, interrupts: Interrupts) -> Stage:
    """Writes the files and starts PostgreSQL. Raises CalledProcessError if that does not start."""
    with interrupts.unbroken():  # a folder that exists and that the leash was not told of would stay
        folder = Path(tempfile.mkdtemp(prefix="migration-monitor-demo-"))
        leash.folder(folder)
        root = new_root()
        leash.folder(root)  # before anything is in it: copying the binaries takes a while
    server = Server(binaries, root=root)
    stage = Stage(folder, server, free_port(), free_port(), slack_url)
    ports = {"shop": stage.shop_port, "daemon": stage.daemon_port}
    shortened = {key: short for key, _, short in SHORTENED}
    stage.config.write_text(CONFIG % {**ports, **shortened}, encoding="utf-8")
    stage.rollback_file.write_text(BACK + "\n", encoding="utf-8")
    server.start()
    return stage


async def create_database(server: Server) -> None:
    """The shop's roles, database and tables."""
    await execute(server.dsn(), ROLES)
    await execute(server.dsn(), "CREATE DATABASE shop OWNER shop_owner")
    await execute(server.dsn("shop"), "GRANT CREATE ON SCHEMA public TO shop_owner")
    await execute(server.dsn("shop", "shop_owner"), TABLES)


async def execute(dsn: str, sql: str) -> None:
    """Runs SQL as `psql` would, on a connection of its own."""
    connection = await pg.connect(dsn, name="demo")
    try:
        await connection.execute(sql, timeout=20)
    finally:
        await pg.close(connection)


async def columns(server: Server) -> list[str]:
    """The columns of `contacts` as they are now."""
    connection = await pg.connect(server.dsn("shop", "shop_owner"), name="demo")
    try:
        return [str(row["attname"]) for row in await connection.fetch(COLUMNS, timeout=20)]
    finally:
        await pg.close(connection)
