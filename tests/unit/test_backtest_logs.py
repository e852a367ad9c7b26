"""Access logs become counts and times: both forms, any zone, any order within two minutes, and bad lines."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.backtest import logs
from monitor.core.samples import SECOND, Micros, Reading
from monitor.errors import OperatorError

STEP = 15 * SECOND


def combined(when: str, status: int = 200, rest: str = "") -> bytes:
    return f'10.0.0.1 - ann [{when}] "GET /a\\"b c HTTP/1.1" {status} 512{rest}\n'.encode()


def rounds_of(
    folder: Path, *files: bytes, with_times: bool = False
) -> tuple[list[tuple[Micros, tuple[Reading, ...]]], logs.Count]:
    paths = []
    for n, data in enumerate(files):
        path = folder / f"{n}.log"
        path.write_bytes(data)
        paths.append(str(path))
    count = logs.Count()
    return list(logs.rounds(logs.lines_of(paths, count), STEP, count, with_times)), count


def requests(rounds: list[tuple[Micros, tuple[Reading, ...]]]) -> list[object]:
    return [readings[0].requests for _, readings in rounds]


@pytest.mark.parametrize(
    ("raw", "status", "took"),
    [
        (combined("10/Oct/2026:13:55:36 +0200", 503, ' "-" "agent [x] y"'), True, None),
        (combined("10/Oct/2026:13:55:36 +0200", 200, ' "-" "agent" 0.123'), False, 123.0),
        (combined("10/Oct/2026:13:55:36 +0200", 200, ' "-" "agent" rt="0.250"'), False, 250.0),
        (b'{"time": "2026-10-10T13:55:36+02:00", "status": "500", "request_time": "0.010"}', True, 10.0),
        (b'{"ts": 1791633336.0, "status": 200, "request": {"uri": "/"}, "duration_ms": 7}', False, 7.0),
        (b'{"msec": "1791633336.000", "status": 404}', False, None),
        (b'{"timestamp": 1791633336000, "response": {"status": 502}}', True, None),
        (b'{"StartUTC": "2026-10-10T11:55:36Z", "DownstreamStatus": 201, "Duration": 5000000}', False, 5.0),
        (b'{"time_local": "10/Oct/2026:13:55:36 +0200", "code": 599}', True, None),
    ],
)
def test_a_line_of_each_form_is_read(raw: bytes, status: bool, took: float | None) -> None:
    """Its moment, whether it failed, how long it took in ms."""
    line = logs.parsed(raw)
    assert line is not None
    assert (line.at, line.failed) == (1_791_633_336 * SECOND, status)
    assert line.took == (None if took is None else pytest.approx(took))


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x00\xff\xfe", b"{", b"[]",
        b'{"time": "2026-10-10T13:55:36", "status": 200}',
        b'{"time": true, "status": 200}', b'{"time": 1e400, "status": 200}',
        b'{"time": 1791633336, "status": true}',
        b'{"time": 1791633336, "status": 20}', b'{"time": 1791633336}', b"[" * 100_000,
        combined("31/Feb/2026:13:55:36 +0200"), combined("10/Okt/2026:13:55:36 +0200"),
        combined("10/Oct/2026:13:55:36 +9900"), b'x - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 2x0 1',
    ],
)  # fmt: skip
def test_what_is_no_request_is_none(raw: bytes) -> None:
    """A time without its zone says no moment; nothing is guessed."""
    assert logs.parsed(raw) is None


def test_lines_are_counted_into_slots_and_nobody_in_one_is_quiet(tmp_path: Path) -> None:
    """Slots end at their moment; between the first line and the last each is there."""
    data = (
        combined("10/Oct/2026:13:00:01 +0000")
        + combined("10/Oct/2026:13:00:14 +0000", 500)
        + combined("10/Oct/2026:13:00:50 +0000")
    )
    rounds, _ = rounds_of(tmp_path, data)
    assert requests(rounds) == [2, 0, 0, 1]
    assert rounds[0][1][0].errors == 1
    assert rounds[0][0] % (60 * SECOND) == 15 * SECOND


def test_two_zones_and_a_change_of_clocks_are_one_time(tmp_path: Path) -> None:
    """The night that summer time ends in Berlin: an hour comes twice there, the lines stay in order."""
    zone, data = ZoneInfo("Europe/Berlin"), b""
    begin = int(datetime(2026, 10, 25, 0, 30, tzinfo=ZoneInfo("UTC")).timestamp())
    for n in range(8):
        where = zone if n % 2 else ZoneInfo("UTC")
        when = datetime.fromtimestamp(begin + n * 900, where)
        data += combined(f"{when:%d/%b/%Y:%H:%M:%S %z}")
    rounds, count = rounds_of(tmp_path, data)
    assert (count.good, count.late) == (8, 0)
    assert rounds[-1][0] - rounds[0][0] == 7 * 900 * SECOND


def test_lines_a_little_late_count_and_others_are_told(tmp_path: Path) -> None:
    """Up to two minutes a line finds its slot; one from an hour before finds none."""
    data = b"".join(
        combined(f"10/Oct/2026:{when} +0000") for when in ("13:10:00", "13:09:00", "13:15:00", "12:00:00")
    )
    rounds, count = rounds_of(tmp_path, data)
    assert [r for r in requests(rounds) if r] == [1, 1, 1]
    assert count.late == 1
    assert any(
        "over 2 minutes behind others before them: 1, left out" in said for said in logs.told(count, str)
    )


def test_bad_lines_are_counted_and_a_cut_file_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    """NUL, invalid UTF-8, and a gzip file that ends in the middle."""
    lines = b"".join(combined(f"10/Oct/2026:13:{n // 60:02}:{n % 60:02} +0000") for n in range(3000))
    packed = gzip.compress(lines + b"\x00\xff\n" * 3)
    rounds, count = rounds_of(
        tmp_path, b"\xff\x00bad\n" + combined("10/Oct/2026:12:59:00 +0000"), packed[: len(packed) // 2]
    )
    assert count.bad == 1
    assert len(count.cut) == 1
    assert 1 < count.good < 3000
    assert rounds


def test_a_file_that_is_no_whole_gzip_at_all_is_refused(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(OperatorError, match=r"0\.log can't be unpacked"):
        rounds_of(tmp_path, b"\x1f\x8b\x08garbage")


def test_rotated_files_are_read_in_the_order_of_their_times(tmp_path: Path) -> None:
    """However they are named on the command line."""
    newer, older = combined("11/Oct/2026:13:00:00 +0000"), combined("10/Oct/2026:13:00:00 +0000")
    rounds, count = rounds_of(tmp_path, newer, older)
    assert (count.good, count.late) == (2, 0)
    assert requests(rounds)[0] == requests(rounds)[-1] == 1
    assert any("no line for 24.0 hours" in said for said in logs.told(count, str))


def test_times_are_the_95th_percentile_of_the_last_minute(tmp_path: Path) -> None:
    """To two percent."""
    data = b"".join(
        combined(f"10/Oct/2026:13:00:{n % 60:02} +0000", 200, f' "-" "x" {0.100 if n % 10 else 0.800:.3f}')
        for n in range(60)
    )
    rounds, _ = rounds_of(tmp_path, data, with_times=True)
    assert rounds[-1][1][1].value == pytest.approx(800, rel=0.02)
