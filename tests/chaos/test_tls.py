"""TLS as configured is verified: a wrong certificate is a failure with its reason, never plain text."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import pwd
import socket
import ssl
import threading
import time
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
from monitor.net import Net
from monitor.tls import Files, Identity
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
    net = Net(tls=Identity(Files(str(ca_file) if ca_file else None)))
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
            Identity(Files(str(bad)))


def demanding(authority: Authority, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Wants a certificate of ours, signed by the authority."""
    context = serving(authority, HOST)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    authority.ca.configure_trust(context)
    return context


def ours(authority: Authority, ca: trustme.CA, name: str) -> Files:
    """A client certificate in one file with its key."""
    path = authority.folder / f"{name}.pem"
    ca.issue_cert("client.example.org").private_key_and_cert_chain_pem.write_to_path(str(path))
    return Files(str(authority.good), str(path))


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@contextlib.contextmanager
def refusing(context: ssl.SSLContext) -> Iterator[str]:
    """A peer that says why it refuses and lets us read it; asyncio's own servers may cut us off before."""

    def serve() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                secure = context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
                secure.settimeout(1)
                try:
                    secure.do_handshake()
                finally:
                    time.sleep(0.2)  # it stays open until we have read
                    secure.close()

    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://{HOST}:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.fault(44)
@pytest.mark.promise(24)
@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
async def test_a_peer_that_wants_a_client_certificate_is_no_data(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    """Over TLS 1.3 it refuses only after the handshake, in the middle of our read."""
    async with listening(ok, demanding(authority, version)) as peer, over(authority.good) as net:
        for _ in range(3):
            with pytest.raises(SourceError) as error:
                await net.get(peer.url, deadline=5)
            assert error.value.reason in {"tls", "tls_client", "dropped"}


@pytest.mark.fault(44)
@pytest.mark.promise(24)
async def test_what_a_peer_says_of_our_certificate_is_told_with_the_remedy(authority: Authority) -> None:
    """OpenSSL's error passes through httpcore as it is."""
    context = demanding(authority, ssl.TLSVersion.TLSv1_3)
    with refusing(context) as url:
        async with over(authority.good) as net:
            for _ in range(3):
                with pytest.raises(SourceError, match=r"tls\.cert_file") as error:
                    await net.get(url, deadline=5)
                assert error.value.reason == "tls_client"


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
async def test_a_client_certificate_is_shown_to_who_asks_for_it(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    """The right one is taken; one of another authority is not."""
    net = Net(tls=Identity(ours(authority, authority.ca, "right")))
    wrong = Net(tls=Identity(ours(authority, trustme.CA(), "wrong")))
    async with listening(ok, demanding(authority, version)) as peer:
        assert (await net.get(peer.url, deadline=5)).status == 200
        with pytest.raises(SourceError):
            await wrong.get(peer.url, deadline=5)
    await net.aclose()
    await wrong.aclose()


async def test_a_certificate_that_was_renewed_is_used_without_a_restart(authority: Authority) -> None:
    """Those of a mesh live for hours. What is half written meanwhile changes nothing."""
    files = ours(authority, trustme.CA(), "renewed")
    net = Net(tls=Identity(files))
    context = demanding(authority, ssl.TLSVersion.TLSv1_3)
    async with listening(ok, context) as peer:
        with pytest.raises(SourceError):
            await net.get(peer.url, deadline=5)
        Path(str(files.certificate)).write_text("-----BEGIN")
        with pytest.raises(SourceError):
            await net.get(peer.url, deadline=5)
        ours(authority, authority.ca, "renewed")
        assert (await net.get(peer.url, deadline=5)).status == 200
    await net.aclose()


def test_a_certificate_that_can_not_be_used_is_said_at_once(authority: Authority) -> None:
    """Absent, without its key, with another's key: never a question for a passphrase."""
    files = ours(authority, authority.ca, "one")
    other = ours(authority, authority.ca, "two")
    unusable = [
        Files(certificate=str(authority.folder / "absent.pem")),
        Files(certificate=str(authority.good)),
        Files(certificate=files.certificate, key=other.certificate),
    ]
    for bad in unusable:
        with pytest.raises(OperatorError, match=r"^tls\.cert_file: "):
            Identity(bad)


@pytest.mark.fault(44)
@pytest.mark.promise(24)
async def test_plain_text_after_the_handshake_is_no_data(authority: Authority) -> None:
    """A peer, or somebody between, that falls out of TLS."""

    async def falls_out(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        raw = writer.get_extra_info("socket").dup()
        raw.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1")
        raw.close()
        await asyncio.sleep(1)

    async with listening(falls_out, serving(authority, HOST)) as peer, over(authority.good) as net:
        for _ in range(3):
            with pytest.raises(SourceError) as error:
                await net.get(peer.url, deadline=5)
            assert error.value.reason in {"tls", "dropped", "timeout"}


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


async def test_a_connection_given_up_half_way_leaves_nothing_to_asyncio(secure: Server) -> None:
    """At any moment: while TLS is asked for, too, when asyncpg's future has nobody yet."""
    left: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: left.append(context["message"]))
    dsn = f"{secure.dsn()}?sslmode=require"

    async def given_up(seconds: float) -> None:
        with contextlib.suppress(TimeoutError, DatabaseUnreachable):
            async with asyncio.timeout(seconds):
                await pg.close(await pg.connect(dsn, name="tls"))

    for round_ in range(8):
        await asyncio.gather(*(given_up(0.001 * (n + round_)) for n in range(20)))
    await asyncio.sleep(0.2)
    gc.collect()
    assert left == []


async def test_the_machines_own_authorities_prove_the_server(
    secure: Server, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sslrootcert=system`, which libpq has since PostgreSQL 16: its name and its authority must be right."""
    dsn = f"{secure.dsn().replace(HOST, 'localhost')}?sslrootcert=system"
    assert "TLS handshake failed" in await said(dsn)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.good))
    assert (await said(dsn)).startswith("TLS")
    assert "TLS handshake failed" in await said(dsn.replace("localhost", HOST))


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
