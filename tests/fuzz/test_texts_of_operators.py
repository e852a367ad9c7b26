"""What operators and their tools write: configurations, recordings, fingerprints, URLs, durations."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from monitor import units
from monitor.cli.recording import moment_given, readings
from monitor.core.samples import Sample, judge
from monitor.dsn import place_of, unverified, user_of
from monitor.errors import ConfigError, MonitorError, OperatorError
from monitor.libpq import faults, notes, ways
from monitor.schema.fingerprint_file import Document, Place, dump, from_json, pack, parse, unpack
from monitor.schema.objects import Objects
from monitor.settings import load, load_policy
from tests.fuzz.bounds import EXAMPLES, bounded, fuzzed, is_a_sentence
from tests.fuzz.mutated import altered, as_json, json_values, mutated, texts
from tests.unit.test_settings import CANARY, ENV, SMALL, WHOLE

CONFIGURATIONS = (WHOLE.encode(), SMALL.encode())


@settings(fuzzed, max_examples=EXAMPLES // 10 or 8)
@given(mutated(CONFIGURATIONS, most=4))
@example(b"a: &a [*a, *a]")
@example(b"a: &a {<<: *a}")
@example(b"- " * 3000)
@example(b"{" * 500)
@example(b"? ? ? a")
@example(b"watch: {interval: 99999999999999999999d}")
@example(b"a: 2024-99-99")
@example(b"a: !!python/object:os.system x")
def test_a_configuration_is_read_or_every_problem_told(text: bytes) -> None:
    """Each on one line, and no secret among them."""
    path = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")
    file = path / f"fuzzed-{id(text)}.yaml"
    try:
        file.write_bytes(text)
        for read in (load, load_policy):
            try:
                with bounded(10):
                    read(file, ENV)
            except ConfigError as e:
                assert e.problems
                assert all(is_a_sentence(problem.what) for problem in e.problems), e.problems
                assert not any("Node(" in problem.where for problem in e.problems)
                assert CANARY not in str(e)
    finally:
        file.unlink()


LINES = (
    b'{"at": 1700000000, "metric": "error_rate", "value": 0.01, "errors": 1, "requests": 100}',
    b'{"at": "2024-01-31T12:00:00.5+01:00", "metric": "error_rate", "value": null, "reason": "quiet"}',
)


@fuzzed
@given(st.lists(st.one_of(mutated(LINES, most=3), altered(json.loads(LINES[0])).map(as_json)), max_size=4))
@example([b'{"at": 1e308, "metric": "a"}'])
@example([b'{"at": "9999-12-31T23:59:60-23:59", "metric": "a"}'])
@example([b'{"at": ' + b"9" * 5000 + b', "metric": "a", "value": ' + b"9" * 5000 + b"}"])
@example([b"[" * 100_000])
def test_a_recording_is_read_or_its_line_is_named(lines: list[bytes]) -> None:
    """A moment within the calendar, and a reading that the core can judge."""
    try:
        with bounded():
            for at, reading in readings(lines):
                assert 0 <= at < 1 << 62
                judged = judge(at, reading)
                assert not isinstance(judged, Sample) or judged.value >= 0
    except OperatorError as e:
        assert str(e).startswith("line ")
        assert is_a_sentence(str(e))


@fuzzed
@given(texts())
def test_a_moment_that_is_given_is_one_or_refused(text: str) -> None:
    """`--started-at`."""
    try:
        assert moment_given(text) >= 0
    except OperatorError as e:
        assert str(e)


objects = st.dictionaries(
    st.text(max_size=8), st.dictionaries(st.text(max_size=8), json_values(6), max_size=3), max_size=3
)
CONTACTS: Objects = {"table:public.contacts": {"columns": {"id": {}}}}
FINGERPRINT = dump(Document(Place(16, "7300000000000000001", "shop"), CONTACTS))


@fuzzed
@given(objects, st.integers(0, 99), st.text(max_size=9), st.one_of(st.none(), st.integers(0)))
def test_a_fingerprint_comes_back_as_it_was_written(
    found: dict[str, dict[str, object]], major: int, name: str, taken_at: int | None
) -> None:
    """Bytes of one line; as it is stored beside a watch, too."""
    document = Document(Place(major, name, name), json.loads(json.dumps(found)), taken_at)
    assume("NaN" not in json.dumps(found))
    try:
        assert parse(dump(document)) == document
    except OperatorError:
        return  # its named parts are no objects
    assert unpack(pack(document.objects)) == document.objects


@fuzzed
@given(st.one_of(mutated([FINGERPRINT]), altered(json.loads(FINGERPRINT)).map(as_json)))
@example(b"[" * 100_000)
@example(b'{"format": 2, "server_major": 1e999}')
@example(b'{"format": ' + b"9" * 5000 + b"}")
def test_a_fingerprint_is_whole_or_refused(data: bytes) -> None:
    """`--before FILE`."""
    try:
        with bounded():
            found = parse(data)
    except OperatorError as e:
        assert is_a_sentence(str(e))
        return
    assert parse(dump(found)) == found


@fuzzed
@given(st.one_of(json_values(), altered(json.loads(FINGERPRINT))))
def test_a_fingerprint_in_a_request_is_whole_or_refused(value: object) -> None:
    """The same as a part of an API body."""
    try:
        from_json(value)
    except OperatorError as e:
        assert is_a_sentence(str(e))


@fuzzed
@given(st.one_of(texts(), mutated([pack({"a": {}}).encode()]).map(lambda b: b.decode("latin-1"))))
def test_a_packed_fingerprint_is_read_or_refused(text: str) -> None:
    """What stands in the database may be cut short."""
    with contextlib.suppress(ValueError), bounded():
        unpack(text)


URLS = (
    b"postgresql://app:secret@db1:5432,[::1]:6432/shop?sslmode=verify-full&options=-c%20a%3Db&host=%2Ftmp",
    b"postgres://%75ser@/shop?host=/cloudsql/x&port=1,2&channel_binding=require", b"postgresql:///",
)  # fmt: skip


@fuzzed
@given(mutated(URLS))
@example(b"postgresql://[::1/x")
@example(b"postgresql://db/x?options=" + b"%5c" * 30_000)
@example(b"postgresql://db/x?service=" + b"\\" * 30)
def test_a_connection_url_is_read_or_its_faults_are_told(text: bytes) -> None:
    """What has no faults has ways; what has some says none of its password."""
    url = text.decode("utf-8", "replace")
    with bounded():
        found = faults(url)
        assert all(is_a_sentence(fault) or not fault.isprintable() for fault in found)
        assert not any("secret" in fault for fault in found) or b":secret@" not in text
        place_of(url)
        if found:
            return
        assert all(way.url.startswith("postgresql://?") for way in ways(url))
        notes(url)
        user_of(url)
        unverified(url)


QUANTITIES = (b"1h30m", b"0.7%", b"200ms", b"64MiB", b"1e3")
READERS = (units.duration, units.size, units.ratio, units.time_limit, units.count, units.limit)


@fuzzed
@given(st.one_of(json_values(3), mutated(QUANTITIES).map(lambda b: b.decode("latin-1"))))
@example("1" * 18 + "." + "9" * 18 + "d")
@example("1e999999999")
@example("\N{ARABIC-INDIC DIGIT ONE}s")
@example("9" * 100_000)
def test_a_quantity_is_read_or_refused(value: object) -> None:
    """Never negative, never without end."""
    for read in READERS:
        try:
            with bounded():
                found = read(value)
        except units.UnitError as e:
            assert is_a_sentence(str(e))
            continue
        number = found.value if isinstance(found, units.Limit) else found
        assert 0 <= number < float("inf")


@fuzzed
@given(st.integers(0, units.LONGEST))
def test_a_duration_is_read_back_as_it_is_shown(micros: int) -> None:
    """To the microsecond."""
    assert units.duration(units.show_duration(micros)) == micros


@fuzzed
@given(st.decimals(0, 100, places=6))
def test_a_ratio_is_read_back_as_it_is_shown(percent: object) -> None:
    """To the last digit."""
    value = units.ratio(f"{percent}%")
    assert units.ratio(units.show_ratio(value)) == value


def test_every_refusal_is_one_of_ours() -> None:
    """The tests above suppress the operator's errors, and these are of that tree."""
    assert issubclass(OperatorError, MonitorError)
    assert issubclass(ConfigError, OperatorError)
