"""The documentation's tables say what the code does. Where they differ, the failure shows the right table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from monitor.cli.commands import COMMANDS
from monitor.cli.exits import MEANINGS
from monitor.core.samples import MINUTE
from monitor.core.thresholds import DOCUMENTED, Policy, Threshold
from monitor.history import TOOLS
from monitor.sql.classes import Class
from monitor.statements.kind import Loss
from monitor.statements.registry import KINDS
from monitor.web.catalogue import METRICS
from monitor.web.telemetry import ROUTES

ROOT = Path(__file__).parents[2]

PAGES = {
    "metric": "README.md",
    "command": "docs/commands.md",
    "exit code": "docs/commands.md",
    "class": "docs/statements.md",
    "migration tool": "docs/tools.md",
    "exported": "docs/metrics.md",
    "request": "docs/page.md",
}
"""The first heading of a table -> where it stands."""

DATA = {
    (Class.LOSSLESS, Loss.NONE): "nothing is lost",
    (Class.LOSSY, Loss.NONE): "writes rows, loses none",
    (Class.LOSSY, Loss.SALVAGE): "a backup is kept (`salvage`), put aside (`quarantine`), or lost if named",
    (Class.LOSSY, Loss.ACCEPT): "only if named by `--accept-loss`",
    (Class.OPAQUE, Loss.NONE): "unknown: needs `--allow-opaque`",
}


def table(first: str) -> list[list[str]]:
    """The rows of the table whose first column has that heading, without heading and rule."""
    lines = iter((ROOT / PAGES[first]).read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            next(lines)
            return [_cells(row) for row in _until_blank(lines)]
    raise AssertionError(f"{PAGES[first]} has no table that begins with the column {first!r}")


def _until_blank(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield line


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").replace(r"\|", "\0").split("|")]


def shown(rows: Iterable[Iterable[str]]) -> str:
    """Rows as the page has to write them."""
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)


def in_unit(threshold: Threshold, limit: float) -> str:
    """A documented limit as people write it."""
    if threshold.metric == "error_rate":
        return f"{limit * 100:g} %"
    return f"{limit:g}" if threshold.metric == "connections" else f"{limit:g} ms"


def acts(threshold: Threshold) -> str:
    """What the documented threshold does, and after how long."""
    if threshold.rollback_above is not None:
        limit, hold = in_unit(threshold, threshold.rollback_above), threshold.rollback_for // MINUTE
        return f"rolls back when > {limit} for {hold} minutes"
    if threshold.investigate_above is not None:
        limit, hold = in_unit(threshold, threshold.investigate_above), threshold.investigate_for // MINUTE
        return f"alerts when > {limit} for {hold} minutes"
    return f"alerts when not normal for {threshold.warn_for // MINUTE} minute"


def test_the_thresholds_are_those_of_the_code() -> None:
    """Metric, normal range and action; the reasons are for people."""
    expected = [[f"`{t.metric}`", f"< {in_unit(t, t.normal_below)}", acts(t)] for t in DOCUMENTED]
    hours = Policy().success_after // (60 * MINUTE)
    expected.append(["all four", f"normal for {hours} hours", "the watch has succeeded"])
    assert [row[:3] for row in table("metric")] == expected


def test_the_commands_are_those_of_the_code() -> None:
    """Each in the order of `--help`, with what it does; the arguments are for people."""
    found = [[row[0].strip("`").split()[0], row[1]] for row in table("command")]
    assert found == [[name, command.does] for name, command in COMMANDS.items()]


def test_the_exit_codes_are_those_of_the_code() -> None:
    """Every code a script may meet."""
    assert table("exit code") == [[str(code), meaning] for code, meaning in MEANINGS.items()]


def test_the_kinds_of_statement_are_those_of_the_code() -> None:
    """Every known kind, by what it may destroy."""
    rows = [
        [
            klass.value,
            data,
            ", ".join(f"`{k.statement}`" for k in KINDS.values() if (k.klass, k.loss) == (klass, loss)),
        ]
        for (klass, loss), data in DATA.items()
    ]
    assert {(k.klass, k.loss) for k in KINDS.values()} == set(DATA)
    found = [[cell.replace("\0", "|") for cell in row] for row in table("class")]
    assert found == rows, shown(rows)


def test_the_migration_tools_are_those_of_the_code() -> None:
    """Where the down SQL is read, how it is marked, and what was run."""
    rows = [[f"`{t.name}`", t.reads, t.marks, t.proven] for t in TOOLS.values()]
    assert table("migration tool") == rows, shown(rows)


def test_the_metrics_are_those_of_the_code() -> None:
    """Name, kind, labels and meaning of every family."""
    rows = [
        [f"`{m.full_name}`", m.kind, ", ".join(f"`{label}`" for label in m.labels), m.help] for m in METRICS
    ]
    assert table("exported") == rows, shown(rows)


def test_every_route_is_documented() -> None:
    """By its template, as it is counted."""
    documented = {cells[0].strip("`").partition(" ")[2] for cells in table("request")}
    assert documented == set(ROUTES) - {"other"}
