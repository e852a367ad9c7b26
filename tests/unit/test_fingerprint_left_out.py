"""What a fingerprint leaves out stands in docs/fingerprint.md, with the reason that the code gives."""

from __future__ import annotations

from pathlib import Path

from monitor.schema.catalogue_coverage import LEFT_OUT_WHOLE, left_out

PAGE = Path(__file__).parents[2] / "docs" / "fingerprint.md"


def rows() -> list[str]:
    """As the page has to write them."""
    found = [f"| {what} | {why} |" for what, why in LEFT_OUT_WHOLE]
    for table, columns, why in left_out():
        named = "" if columns == "*" else ": " + ", ".join(f"`{c}`" for c in columns.split())
        found.append(f"| `{table}`{named} | {why} |")
    return found


def test_the_page_lists_what_is_left_out_with_its_reason() -> None:
    """Row by row; where they differ, the failure shows the right table."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| what | why |") + 2
    assert lines[start : lines.index("", start)] == rows()
