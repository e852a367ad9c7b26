"""How long does a fingerprint of the whole schema take? Of TABLES tables on each major found.

Each table has ten columns, a primary key, two indexes, a CHECK, a foreign key; every tenth a trigger, a
view and a comment. Printed are the times of one read (median and worst of RUNS), and what is stored.

    uv run python -m tests.bench.bench_fingerprint [TABLES]
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from statistics import median

import asyncpg

from monitor.schema import fingerprint_file, whole
from tests import servers

TABLES = 400
RUNS = 9

SCHEMA = """
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
DO $$ BEGIN FOR n IN 1..{tables} LOOP
  EXECUTE format('CREATE TABLE t%s (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,'
    ' parent int REFERENCES t1, a text NOT NULL DEFAULT ''x'', b text,'
    ' c numeric(10,2), d timestamptz DEFAULT now(),'
    ' e boolean, f jsonb, g int[], h varchar(40), CONSTRAINT c%s CHECK (c > 0))', n, n);
  EXECUTE format('CREATE INDEX ON t%s (a, b); CREATE INDEX ON t%s (lower(h)) WHERE e', n, n);
  IF n %% 10 = 0 THEN
    EXECUTE format('CREATE TRIGGER touch BEFORE UPDATE ON t%s FOR EACH ROW EXECUTE FUNCTION touch();'
      'CREATE VIEW v%s AS SELECT t.id, t.a, p.b FROM t%s t LEFT JOIN t1 p ON p.id = t.parent WHERE t.e;'
      'COMMENT ON COLUMN t%s.a IS ''a comment''', n, n, n, n);
  END IF;
  IF n %% 50 = 0 THEN COMMIT; END IF;
END LOOP; END $$
"""


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process on this machine has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(dsn: str, tables: int) -> str:
    """Builds the schema in an empty database and reads it RUNS times."""
    connection = await asyncpg.connect(dsn)
    times = []
    try:
        for statement in SCHEMA.replace("%%", "%").format(tables=tables).split(";\nDO"):
            await connection.execute(statement if "FUNCTION" in statement[:20] else f"DO{statement}")
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        spent = cpu_of(pid) + time.process_time()
        for _ in range(RUNS):
            async with connection.transaction(readonly=True):
                began = time.perf_counter()
                objects = await whole.read(connection)
                times.append((time.perf_counter() - began) * 1000)
        spent = cpu_of(pid) + time.process_time() - spent
    finally:
        await connection.close()
    began = time.perf_counter()
    differing = whole.differences(objects, {k: dict(v) for k, v in objects.items()})
    compared = (time.perf_counter() - began) * 1000
    assert not differing
    size, packed = len(fingerprint_file.canonical(objects)), len(fingerprint_file.pack(objects))
    return (
        f"{len(objects)} objects: read p50 {median(times):.0f} ms, max {max(times):.0f} ms, "
        f"CPU of server and client {spent / RUNS * 1000:.0f} ms, "
        f"compared {compared:.1f} ms; {size / 1024:.0f} KiB as JSON, {packed / 1024:.0f} KiB stored"
    )


async def main(tables: int) -> None:
    for binaries in servers.BINARIES:
        server = servers.server(binaries.major)
        name = await servers.new_database(server)
        print(f"PostgreSQL {binaries.major}, {tables} tables, {await measure(server.dsn(name), tables)}")
        await servers.drop_database(server, name)


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else TABLES))
    finally:
        servers.stop_all()
