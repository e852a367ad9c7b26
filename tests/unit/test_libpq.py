"""Connection URLs as libpq and providers write them: honoured, ours instead, or refused with the remedy."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from monitor.dsn import place_of, unverified, user_of
from monitor.libpq import faults, notes, parts_of, ways
from monitor.options import postgres_url
from monitor.rehearsal.pg_dump import environment
from monitor.rehearsal.scratch import with_database


def read(url: str) -> dict[str, str]:
    """What asyncpg is given of one server."""
    (way,) = ways(url)
    return dict(parse_qsl(urlsplit(way.url).query))


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "services"
    file.write_text("[shop]\nhost=db1,db2\nport=6432\nuser=app\ndbname=shop\nconnect_timeout=3\n[other]\n")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    return file


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app@db/shop?sslmode=require&connect_timeout=10&keepalives=1&keepalives_idle=30",
        "postgresql://app@db/shop?application_name=x&tcp_user_timeout=5&gssencmode=disable&client_encoding=UTF8",
        "postgresql://app@db/shop?sslmode=verify-full&channel_binding=require&load_balance_hosts=disable",
        "postgresql://app@db/shop?channel_binding=prefer&sslcertmode=allow&sslsni=1&replication=false",
    ],
)
def test_what_ours_takes_the_place_of_is_no_setting_of_the_server(url: str) -> None:
    """asyncpg would send it as one, and the server would refuse the connection."""
    assert faults(url) == []
    assert read(url).keys() <= {"dbname", "user", "host", "sslmode"}


def test_check_says_what_was_left_out() -> None:
    """But not of our sessions' name, which everybody's URL has."""
    url = "postgresql://db/shop?connect_timeout=10&application_name=x"
    assert notes(url) == ["connect_timeout is left out: connecting has a deadline of its own"]


@pytest.mark.parametrize(
    ("query", "remedy"),
    [
        ("channel_binding=require", "sslmode=verify-full&sslrootcert=system"),
        ("channel_binding=require&sslmode=require", "sslmode=verify-full"),
        ("require_auth=scram-sha-256", "pg_hba.conf"),
        ("requirepeer=postgres", "sslmode=verify-full"),
        ("sslcrldir=/etc/crl", "sslcrl"),
        ("gssencmode=require", "sslmode=verify-full"),
        ("load_balance_hosts=random", "leave it out"),
        ("client_encoding=LATIN1", "leave it out"),
        ("replication=database", "ordinary connection"),
        ("sslrootcert=system&sslmode=require", "sslmode=verify-full"),
        ("pgbouncer=true", "name the server itself"),
        ("schema=public", "search_path"),
    ],
)
def test_what_can_not_be_honoured_is_refused_with_the_remedy(query: str, remedy: str) -> None:
    """One sentence, which names the parameter and none of the URL's values."""
    (said,) = faults(f"postgresql://app:hid@db/shop?{query}")
    assert said.startswith(query.partition("=")[0])
    assert remedy in said
    assert "hid" not in said


def test_the_authorities_of_the_machine_prove_the_server() -> None:
    """`sslrootcert=system` means verify-full, as in libpq."""
    (way,) = ways("postgresql://app@db.example.org/shop?sslrootcert=system")
    assert way.system
    assert "ssl" not in way.url
    assert not unverified("postgresql://app@db.example.org/shop?sslrootcert=system")
    assert unverified("postgresql://app@db.example.org/shop?sslmode=require")


def test_every_host_must_be_local_for_nobody_to_be_on_the_way() -> None:
    """One of several that is not is enough, wherever it stands and however it is named."""
    assert not unverified("postgresql://app@127.0.0.1:1,[::1]:2,LOCALHOST/shop")
    assert unverified("postgresql://app@127.0.0.1,db.example.org,[::1]:2/shop")
    assert unverified("postgresql:///shop?host=/run/postgresql,db.example.org")
    assert not unverified("postgresql:///shop?host=/run/postgresql")
    assert not unverified("postgresql:///shop")


def test_a_later_host_may_be_an_address_of_ipv6() -> None:
    """Also where the standard library's reading of URLs refuses that, as security releases of Python do."""
    dsn = "postgresql://app:p%40w@a:1,[::1]:3/shop?sslmode=disable#x"
    assert postgres_url(dsn)
    assert faults(dsn) == []
    assert user_of(dsn) == "app"
    assert place_of(dsn.removesuffix("#x")) == "a:1,[::1]:3"
    assert str(parts_of(dsn)) == dsn
    assert environment(dsn)["PGHOST"] == "a,::1"
    assert with_database(dsn, "other").startswith("postgresql://app:p%40w@a:1,[::1]:3/other?sslmode=disable")


@pytest.mark.parametrize(
    "dsn", ["postgresql://[::1/shop", "postgresql://a,[::1:5/shop", "postgresql://::1]/shop"]
)
def test_a_bracket_without_its_other_is_no_url(dsn: str) -> None:
    """It is told as such, and nowhere raised."""
    assert not postgres_url(dsn)
    assert faults(dsn) == ["can't be read as postgresql://USER@HOST[:PORT]/DATABASE"]
    assert place_of(dsn) == ""


def test_several_hosts_are_several_ways_in_their_order() -> None:
    """Each with its port, one for all of them, or the default."""
    for place, ports in [("a:1,b:2", ["1", "2"]), ("a,b", ["", ""]), ("a:1,[::1]:3", ["1", "3"])]:
        found = [dict(parse_qsl(urlsplit(w.url).query)) for w in ways(f"postgresql://app@{place}/shop")]
        assert [f["host"] for f in found] == ["a", "::1" if "::1" in place else "b"]
        assert [f.get("port", "") for f in found] == ports
    found = [dict(parse_qsl(urlsplit(w.url).query)) for w in ways("postgresql:///shop?host=a,b&port=7")]
    assert [(f["host"], f["port"]) for f in found] == [("a", "7"), ("b", "7")]
    assert "names 3 hosts and 2 ports" in faults("postgresql:///shop?host=a,b,c&port=1,2")[0]


@pytest.mark.parametrize(
    ("dsn", "host", "port"),
    [
        ("postgresql://app@localhost/shop?host=/cloudsql/a:b:c", "/cloudsql/a:b:c", None),
        ("postgresql://app@a:7/shop?host=b", "b", "7"),
        ("postgresql://app@a:7/shop?port=8", "a", "8"),
        ("postgresql://app@a:7/shop?host=b&port=8", "b", "8"),
    ],
)
def test_a_host_among_the_parameters_wins_as_libpq_has_it(dsn: str, host: str, port: str | None) -> None:
    """Else psql and pg_dump would go to one server, and we to another."""
    (way,) = ways(dsn)
    found = dict(parse_qsl(urlsplit(way.url).query))
    assert (found["host"], found.get("port")) == (host, port)
    assert environment(dsn)["PGHOST"] == host
    assert unverified(dsn) is not host.startswith("/")


def test_options_are_settings_of_the_session() -> None:
    """Both forms, with escaped spaces; what is neither goes on as it is."""
    given = read("postgresql://db/shop?options=-c%20geqo%3Doff%20--work-mem%3D8MB%20-c%20x.y%3Da%5C%20b%20-e")
    assert (given["geqo"], given["work_mem"], given["x.y"], given["options"]) == ("off", "8MB", "a b", "-e")


def test_a_password_may_hold_what_urls_are_made_of() -> None:
    """As encoded, and an `@` as it is."""
    assert read("postgresql://app:a%40b%3Ac%2F@db/shop")["password"] == "a@b:c/"
    assert read("postgresql://app:a@b@db/shop") == {
        "dbname": "shop", "user": "app", "password": "a@b", "host": "db"
    }  # fmt: skip


def test_a_service_gives_what_the_url_leaves_open(services: Path) -> None:
    """Its hosts too; what the URL says wins."""
    found = [dict(parse_qsl(urlsplit(w.url).query)) for w in ways("postgresql://?service=shop&user=me")]
    assert [(f["host"], f["port"], f["user"]) for f in found] == [
        ("db1", "6432", "me"),
        ("db2", "6432", "me"),
    ]
    assert read("postgresql://other:1/?service=shop")["host"] == "other"
    assert user_of("postgresql:///?service=shop") == "app"


def test_a_service_that_is_not_there_is_never_another_server(services: Path) -> None:
    """asyncpg would connect to localhost."""
    assert faults("postgresql:///?service=shp") == [f"service 'shp' is not in {services}: it has shop, other"]
    services.unlink()
    assert "can't be read; name it by PGSERVICEFILE" in faults("postgresql:///?service=shop")[0]


@pytest.mark.parametrize("host", ["a" * 300, "a" * 64 + ".example.org", "a..b"])
def test_a_host_that_can_not_be_a_name_is_said_so(host: str) -> None:
    """It ended as an unexpected UnicodeError; the host itself may be a part of a password."""
    (said,) = faults(f"postgresql://app@{host}/shop")
    assert said.startswith(f"names a host of {len(host)} characters")
    assert host not in said
