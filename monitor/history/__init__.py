"""Migration tools: where a migration's down SQL is, and what the tool's own table must say after it.

Reads files, never a database: what is to be said there is plain data (ports/history.py).
A tool is one file (or one value in given.py), with its own keys beside it, and one line here: the
configuration, its JSON Schema, its table of keys and its problems follow from that.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.history.alembic import ALEMBIC
from monitor.history.dbmate import DBMATE
from monitor.history.flyway import FLYWAY
from monitor.history.folders import DIESEL, PRISMA
from monitor.history.given import DJANGO, ECTO, KNEX, RAILS, SUPABASE
from monitor.history.golang_migrate import GOLANG_MIGRATE
from monitor.history.goose import GOOSE
from monitor.history.liquibase import LIQUIBASE
from monitor.history.node_pg_migrate import NODE_PG_MIGRATE
from monitor.history.plain import PLAIN
from monitor.history.sqitch import SQITCH
from monitor.history.sql_migrate import SQL_MIGRATE
from monitor.history.sqlx import SQLX
from monitor.history.tern import TERN
from monitor.history.tool import Tool
from monitor.history.yoyo import YOYO

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        PLAIN, ALEMBIC, DJANGO, GOLANG_MIGRATE, GOOSE, DBMATE, SQITCH, FLYWAY, LIQUIBASE, SQLX, TERN,
        SQL_MIGRATE, NODE_PG_MIGRATE, KNEX, PRISMA, SUPABASE, RAILS, ECTO, DIESEL, YOYO,
    )
}  # fmt: skip
"""What may be written as `tool`, in the order in which they are named to people."""
