"""TLS as configured is verified: a wrong certificate is a failure with its reason, never plain text."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from monitor import pg
from monitor.demo.postgres import Server
from monitor.dsn import unverified
from monitor.errors import DatabaseUnreachable, OperatorError, SourceError
from monitor.net import Net, trusting
from tests import servers
from tests.peers import listening, request_of, response

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority of our own and its files; `other` signed nothing of what is served."""

    ca: trustme.CA
    good: Path
    other: Path
    folder: Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("ca")
    folder.chmod(0o755)
    ca, good, other = trustme.CA(), folder / "ca.pem", folder / "other.pem"
    ca.cert_pem.write_to_path(str(good))
    trustme.CA().cert_pem.write_to_path(str(other))
    return Authority(ca, good, other, folder)


def serving(authority: Authority, name: str, until: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.ca.issue_cert(name, not_before=BEGUN, not_after=until).configure_cert(context)
    return context


async def ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers every request with 200."""
    await request_of(reader)
    writer.write(response(b"1"))
    await writer.drain()


BEGUN = datetime(2019, 1, 1, tzinfo=UTC)
EXPIRED = datetime(2020, 1, 1, tzinfo=UTC)

BAD: list[tuple[str, datetime | None, bool]] = [
    (HOST, None, False),
    ("elsewhere.example.org", None, True),
    (HOST, EXPIRED, True),
]


@contextlib.asynccontextmanager
async def over(ca_file: Path | None) -> AsyncIterator[Net]:
    net = Net(tls=trusting(str(ca_file) if ca_file else None))
    try:
        yield net
    finally:
        await net.aclose()


@pytest.mark.fault(25)
@pytest.mark.promise(16)
@pytest.mark.parametrize(("name", "until", "known"), BAD, ids=["unknown", "other-name", "expired"])
async def test_a_certificate_that_is_not_right_is_no_data(
    authority: Authority, name: str, until: datetime | None, known: bool
) -> None:
    """Of an unknown authority, of another name, expired: reason `tls`, and the request is not sent."""
    serving_it = listening(ok, serving(authority, name, until))
    async with serving_it as peer, over(authority.good if known else None) as net:
        with pytest.raises(SourceError) as error:
            await net.get(peer.url, deadline=5)
    assert error.value.reason == "tls"


async def test_a_private_authority_is_believed_when_it_is_configured(authority: Authority) -> None:
    """`tls.ca_file`; one that can't be read is said at once."""
    async with listening(ok, serving(authority, HOST)) as peer, over(authority.good) as net:
        assert (await net.get(peer.url, deadline=5)).status == 200
    for bad in (authority.folder / "absent.pem", authority.folder):
        with pytest.raises(OperatorError, match=r"tls\.ca_file"):
            trusting(str(bad))


WITH_TLS = [b for b in servers.BINARIES if b.has_tls][:1]


@pytest.fixture(scope="module", params=WITH_TLS, ids=lambda b: f"pg{b.major}")
def secure(authority: Authority, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The newest PostgreSQL built with TLS: its certificate is for `localhost` only."""
    server = Server(request.param)
    server.init()
    issued = authority.ca.issue_cert("localhost")
    issued.private_key_pem.write_to_path(str(server.root / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(server.root / "cert.pem"))
    authority.ca.cert_pem.write_to_path(str(server.root / "ca.pem"))
    for name in ("key.pem", "cert.pem", "ca.pem"):
        (server.root / name).chmod(0o600)
        if os.geteuid() == 0:
            owner = pwd.getpwuid((server.data).stat().st_uid)
            os.chown(server.root / name, owner.pw_uid, owner.pw_gid)
    files = {f"ssl_{kind}_file": str(server.root / f"{kind}.pem") for kind in ("cert", "key", "ca")}
    server.configure({"ssl": "on", **files})
    (server.data / "pg_hba.conf").write_text(
        "hostssl all certified 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 trust\n"
    )
    server.start()
    yield server
    server.remove()


async def said(dsn: str) -> str:
    """How the connection is encrypted, or why there is none."""
    try:
        connection = await pg.connect(dsn, name="tls")
    except DatabaseUnreachable as e:
        return str(e)
    try:
        how = "SELECT coalesce((SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()), 'plain')"
        return str(await connection.fetchval(how))
    finally:
        await pg.close(connection)


@pytest.mark.promise(6)
async def test_the_server_is_verified_as_the_dsn_says(secure: Server, authority: Authority) -> None:
    """verify-full takes only the right name by the right authority; require takes any; nothing falls back."""
    by_name = secure.dsn().replace(HOST, "localhost")
    good, other = f"sslrootcert={authority.good}", f"sslrootcert={authority.other}"
    assert (await said(f"{by_name}?sslmode=verify-full&{good}")).startswith("TLS")
    assert "TLS handshake failed" in await said(f"{secure.dsn()}?sslmode=verify-full&{good}")
    assert (await said(f"{secure.dsn()}?sslmode=verify-ca&{good}")).startswith("TLS")
    for mode in ("verify-ca", "verify-full"):
        refused = await said(f"{by_name}?sslmode={mode}&{other}")
        assert "TLS handshake failed: " in refused
        assert "certificate" in refused
    assert (await said(f"{by_name}?sslmode=require")).startswith("TLS")


async def test_a_server_without_tls_is_not_talked_to_in_plain_text(
    authority: Authority,
) -> None:
    """sslmode=require and above refuse; without sslmode it is plain text, which `check` notes."""
    plain = servers.server(servers.BINARIES[0].major)
    for mode in ("require", f"verify-full&sslrootcert={authority.good}"):
        assert "does not speak TLS" in await said(f"{plain.dsn()}?sslmode={mode}")
    assert await said(plain.dsn()) == "plain"


async def test_a_client_certificate_is_a_way_in(secure: Server, authority: Authority) -> None:
    """The server's method `cert`: the common name is the role."""
    admin = await pg.connect(secure.dsn(), name="admin")
    await admin.execute("CREATE ROLE certified LOGIN")
    await pg.close(admin)
    issued = authority.ca.issue_cert("certified", common_name="certified")
    key, cert = authority.folder / "client.key", authority.folder / "client.pem"
    issued.private_key_pem.write_to_path(str(key))
    key.chmod(0o600)
    issued.cert_chain_pems[0].write_to_path(str(cert))
    dsn = secure.dsn(user="certified").replace(HOST, "localhost")
    asked = f"{dsn}?sslmode=verify-full&sslrootcert={authority.good}"
    with pytest.raises(Exception, match="certificate"):
        await pg.connect(asked, name="tls")
    assert (await said(f"{asked}&sslcert={cert}&sslkey={key}")).startswith("TLS")


@pytest.mark.parametrize(
    ("dsn", "noted"),
    [
        ("postgresql://a@db.example.org/x", True),
        ("postgresql://a@db.example.org/x?sslmode=require", True),
        ("postgresql://a@db.example.org/x?sslmode=verify-full", False),
        ("postgresql://a@127.0.0.1/x", False),
        ("postgresql://a@/x?host=/run/postgresql", False),
        ("postgresql://a@127.0.0.1/x?host=db.example.org", True),
    ],
)
def test_check_notes_a_dsn_that_does_not_verify_a_server_elsewhere(dsn: str, noted: bool) -> None:
    """Loopback and sockets need no proof."""
    assert unverified(dsn) is noted
