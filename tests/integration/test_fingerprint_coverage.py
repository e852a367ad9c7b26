"""What a fingerprint reads is decided for every column of the catalogue that a server has."""

from __future__ import annotations

import re

import pytest

from monitor.schema import rest, whole
from monitor.schema.catalogue_coverage import CATALOGUE
from tests.conftest import Database
from tests.rollbacks import connected

COLUMNS = """
SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
 GROUP BY 1
"""

BY = re.compile(r"pg_\w+|to_jsonb|regprocedure")
"""Functions and types of the server that write an object down, as the list of columns names them."""


def decided(table: str) -> list[str]:
    both = CATALOGUE[table]
    return [c for columns in (*both.compared, *both.left_out) for c in columns.split()]


@pytest.mark.promise(15)
async def test_every_column_of_the_catalogue_is_compared_or_left_out_for_a_reason(database: Database) -> None:
    """A column that a new major brings is decided on before its servers are supported."""
    async with connected(database.dsn) as c:
        found = {r["name"]: r["columns"] for r in await c.fetch(COLUMNS)}
    assert found.keys() <= CATALOGUE.keys()
    undecided = {
        f"{name}.{column}"
        for name, columns in found.items()
        for column in columns
        if decided(name) != ["*"] and column not in decided(name)
    }
    assert not undecided


def test_no_column_is_decided_twice() -> None:
    """Compared and left out at once would be neither."""
    for table in CATALOGUE:
        assert len(decided(table)) == len(set(decided(table))), table


def test_what_is_compared_is_read() -> None:
    """A column that is said to be compared stands in the questions, or the server's own function reads it."""
    asked = " ".join((whole.WHOLE, whole.LATE, *(rest.query(major) for major in (14, 15, 18))))
    for name, table in CATALOGUE.items():
        for columns, where in table.compared.items():
            if functions := BY.findall(where):
                assert all(f"pg_catalog.{function}" in asked for function in functions), where
                continue
            for column in columns.split():
                assert f".{column}" in asked or f"'{column}'" in asked, f"{name}.{column}"
