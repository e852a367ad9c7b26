"""The up side of a migration, as a rehearsal finds it in the tool's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.history.ups import up_of, up_part


@pytest.mark.parametrize(
    "marker",
    [
        "-- migrate:down", "-- migrate:down transaction:false", "-- +goose Down", "-- +migrate Down",
        "---- create above / drop below ----", "-- Down Migration",
    ],
)  # fmt: skip
def test_what_stands_before_the_down_section_is_the_migration(tmp_path: Path, marker: str) -> None:
    """Of every tool with both directions in one file; its lines keep their numbers."""
    file = tmp_path / "1_a.sql"
    file.write_text(f"-- migrate:up\nSELECT 1;\n{marker}\nSELECT 2;\n")
    assert up_part(file.read_bytes()) == b"-- migrate:up\nSELECT 1;\n"
    assert up_of(str(file)) == b"-- migrate:up\nSELECT 1;\n"


@pytest.mark.parametrize(
    ("down", "up"),
    [
        ("1_a.down.sql", "1_a.up.sql"), ("a.down.sql", "a.sql"), ("a.rollback.sql", "a.sql"),
        ("U1__a.sql", "V1__a.sql"), ("2026_a/down.sql", "2026_a/up.sql"), ("revert/a.sql", "deploy/a.sql"),
    ],
)  # fmt: skip
def test_the_file_beside_is_the_migration(tmp_path: Path, down: str, up: str) -> None:
    """Where each direction has its own; None while it is missing."""
    for name in (down, up):
        (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / down).write_text("SELECT 2")
    assert up_of(str(tmp_path / down)) is None
    (tmp_path / up).write_text("SELECT 1")
    assert up_of(str(tmp_path / down)) == b"SELECT 1"


def test_sql_without_a_file_or_a_marker_has_no_other_side(tmp_path: Path) -> None:
    """And a file that went away is none."""
    assert up_of("") is None
    assert up_of(str(tmp_path / "gone.sql")) is None
    assert up_part(b"SELECT '-- migrate:down'") == b"SELECT '-- migrate:down'"
