"""Connection URLs as libpq and providers write them: what is honoured, what is ours, what can't be had.

asyncpg takes what it does not know for a setting of the server. So every parameter of libpq's is either one
that it knows, is done here, or is refused with the remedy; nothing is dropped that somebody relies on.
This file opens nothing but the service file.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode

OURS = {
    "application_name": "our sessions are named migration-monitor/…",
    "fallback_application_name": "our sessions are named migration-monitor/…",
    "connect_timeout": "connecting has a deadline of its own",
    "keepalives": "a dead peer is noticed in about 11 s",
    "keepalives_idle": "a dead peer is noticed in about 11 s",
    "keepalives_interval": "a dead peer is noticed in about 11 s",
    "keepalives_count": "a dead peer is noticed in about 11 s",
    "tcp_user_timeout": "a dead peer is noticed in about 11 s",
    "sslcompression": "TLS is never compressed",
    "sslsni": "the name of the host is always sent",
    "gssencmode": "GSS encryption is never asked for",
    "load_balance_hosts": "the hosts are tried in their order",
    "sslcertmode": "a certificate is sent to whoever asks for it",
    "client_encoding": "it is always UTF8",
    "replication": "it is never a replication connection",
}
"""Left out: ours is at least as strict, or says the same."""

DEMANDS: Mapping[str, tuple[frozenset[str], str]] = {
    "gssencmode": (
        frozenset({"disable", "prefer"}),
        "GSS encryption is not supported: use sslmode=verify-full",
    ),
    "sslcertmode": (frozenset({"allow", "disable"}), "leave it out, and name sslcert and sslkey"),
    "client_encoding": (
        frozenset({"utf8", "utf-8", "unicode", "auto"}),
        "texts are read as UTF8: leave it out",
    ),
    "replication": (frozenset({"false", "off", "no", "0"}), "name an ordinary connection"),
    "load_balance_hosts": (frozenset({"disable"}), "the hosts are tried in their order: leave it out"),
}
"""Values that are the same as ours; any other asks for what can't be had, with the remedy."""

REFUSED: Mapping[str, str] = {
    "requirepeer": "the peer's user can't be checked: use sslmode=verify-full over TCP",
    "require_auth": "the authentication method can't be required: enforce it in pg_hba.conf on the server",
    "sslcrldir": "a folder of revocations can't be read: put them into one file and name it as sslcrl",
    "requiressl": "it is out of date: write sslmode=require, or better verify-full",
    "pgbouncer": "it is the address of a connection pooler: name the server itself",
    "schema": "it is not PostgreSQL's: set the role's search_path instead, or leave it out",
    "connection_limit": "it is another client's: leave it out",
    "pool_timeout": "it is another client's: leave it out",
    "sslaccept": "it is another client's: write sslmode=verify-full",
    "sslidentity": "it is another client's: write sslcert and sslkey",
}

CHANNEL_BINDING = (
    "channel_binding=require is not supported: write sslmode=verify-full&sslrootcert=system instead,"
    " which proves the server"
)

SERVICE_FILE = "PGSERVICEFILE"

SYSTEM = "system"
"""As sslrootcert: the authorities of this machine."""

MAX_HOST = 253
"""Characters of a host name (RFC 1035); 63 of each part of it."""

_OPTION = re.compile(r"^(?:-c\s*|--)([A-Za-z_][\w.-]*)=(.*)$", re.S)


_URL = re.compile(r"^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$", re.S)
"""RFC 3986, appendix B."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A connection URL by its parts, each as it is written; `authority`: login and places."""

    scheme: str
    authority: str
    path: str
    query: str
    fragment: str

    def __str__(self) -> str:
        ends = (("?", self.query), ("#", self.fragment))
        return f"{self.scheme}://{self.authority}{self.path}" + "".join(
            mark + end for mark, end in ends if end
        )

    @property
    def login(self) -> str:
        """`user:password`, up to the last `@`, so that a password may hold one."""
        return self.authority.rpartition("@")[0]

    @property
    def user(self) -> str:
        """Decoded; "" where none is named."""
        return unquote(self.login.partition(":")[0])

    @property
    def places(self) -> str:
        """`host:port`, several with commas."""
        return self.authority.rpartition("@")[2]


def parts_of(dsn: str) -> Parts:
    """Raises ValueError for what is not a URL. (urlsplit also raises it where a later host is IPv6.)"""
    match = _URL.match(dsn)
    if match is None:
        raise ValueError("is not a URL")
    parts = Parts((match[1] or "").lower(), *(match[n] or "" for n in (2, 3, 4, 5)))
    if any(place.count("[") != place.count("]") for place in parts.places.split(",")):
        raise ValueError("has an unmatched bracket")
    return parts


@dataclass(frozen=True, slots=True)
class Way:
    """One server to try. `url` is for asyncpg; `system`: the authorities of this machine are believed."""

    url: str
    system: bool = False


def faults(dsn: str) -> list[str]:
    """What of a URL can't be honoured, each with its remedy, without any value of it."""
    try:
        parts = parts_of(dsn)
        given = given_by(dsn)
    except (ValueError, LookupError) as e:
        return [
            str(e)
            if isinstance(e, LookupError)
            else "can't be read as postgresql://USER@HOST[:PORT]/DATABASE"
        ]
    found = [f"{name}: {remedy}" for name, remedy in REFUSED.items() if name in given]
    for name, (same, remedy) in DEMANDS.items():
        if name in given and given[name].lower() not in same:
            found.append(f"{name}: {remedy}")
    if given.get("channel_binding") == "require" and given.get("sslmode") != "verify-full":
        found.append(CHANNEL_BINDING)
    if given.get("sslrootcert") == SYSTEM and given.get("sslmode", "verify-full") != "verify-full":
        found.append("sslrootcert=system needs sslmode=verify-full: anyone can get a certificate of theirs")
    hosts, ports = _hosts(parts.places, given)
    found += [_too_long(host) for host in hosts if not _sensible(host)]
    if len(ports) not in {0, 1, len(hosts)}:
        found.append(f"names {len(hosts)} hosts and {len(ports)} ports: write one for each, or one for all")
    return found


def hosts_of(dsn: str) -> list[str]:
    """Every host, also of its service; none: the local socket. Raises LookupError, ValueError."""
    return _hosts(parts_of(dsn).places, given_by(dsn))[0]


def notes(dsn: str) -> list[str]:
    """What was left out since ours takes its place, for `check`."""
    given = given_by(dsn)
    return [
        f"{name} is left out: {why}"
        for name, why in OURS.items()
        if name in given and "application" not in name
    ]


def ways(dsn: str) -> list[Way]:
    """Every server that it names, in order. Raises LookupError for a service that is not there."""
    parts, given = parts_of(dsn), given_by(dsn)
    hosts, ports = _hosts(parts.places, given)
    system = given.get("sslrootcert") == SYSTEM
    kept = {k: v for k, v in given.items() if k not in OURS and k not in {"host", "port", "channel_binding"}}
    kept = {**kept, **_options(kept.pop("options", "")), **_login(parts.login)}
    if system:
        del kept["sslrootcert"]
        kept.pop("sslmode", None)
    if not hosts:
        return [_way(parts.path, {**kept, **({"port": ports[0]} if ports else {})}, system)]
    each = ports if len(ports) == len(hosts) else ports[:1] * len(hosts) or [""] * len(hosts)
    named = (
        {"host": host, **({"port": port} if port else {})} for host, port in zip(hosts, each, strict=True)
    )
    return [_way(parts.path, {**kept, **one}, system) for one in named]


def _login(text: str) -> dict[str, str]:
    user, _, password = text.partition(":")
    return {k: unquote(v) for k, v in (("user", user), ("password", password)) if v}


def _way(path: str, query: Mapping[str, str], system: bool) -> Way:
    database = {"dbname": unquote(path.lstrip("/"))} if path.lstrip("/") else {}
    return Way("postgresql://?" + urlencode({**query, **database}), system)


def given_by(dsn: str) -> dict[str, str]:
    """Raises LookupError, ValueError. The parameters, those of the service behind the URL's own."""
    parts = parts_of(dsn)
    given = {k: v for k, v in parse_qsl(parts.query, keep_blank_values=True) if v}
    service = given.pop("service", "") or os.environ.get("PGSERVICE", "")
    if not service:
        return given
    own = {"user": parts.user, "host": parts.places, "dbname": parts.path.strip("/")}
    named = {name for name, value in own.items() if value}
    theirs = {
        k: v for k, v in _service(service).items() if k not in named and not (k == "port" and own["host"])
    }
    return {**theirs, **given}


def _service(name: str) -> dict[str, str]:
    """Raises LookupError: nothing of another server may be taken for it."""
    file = Path(os.environ.get(SERVICE_FILE) or Path.home() / ".pg_service.conf")
    read = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        read.read_string(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, configparser.Error):
        raise LookupError(f"service {name!r}: {file} can't be read; name it by {SERVICE_FILE}") from None
    if name not in read:
        raise LookupError(f"service {name!r} is not in {file}: it has {', '.join(read.sections()) or 'none'}")
    return dict(read[name])


def _hosts(place: str, given: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Names and ports, as far as they are given; a port may be "" for the default.

    As libpq has it, `host` and `port` among the parameters each win over those before the path:
    `postgresql://localhost/shop?host=/cloudsql/…` is a socket.
    """
    found = [_split(one) for one in place.split(",")] if place else []
    hosts = [host for host in given.get("host", "").split(",") if host] or [host for host, _ in found]
    ports = [port for port in given.get("port", "").split(",") if port] or [port for _, port in found]
    return hosts, ports if any(ports) else []


def _split(place: str) -> tuple[str, str]:
    """`host`, `host:port`, `[::1]:port`."""
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        return host, port.lstrip(":")
    host, _, port = place.rpartition(":") if ":" in place else (place, "", "")
    return unquote(host), port


def _options(text: str) -> dict[str, str]:
    """`-c name=value` and `--name=value`; a backslash keeps a space. What else there is, goes on as it is."""
    words = [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r"(?:\\.|\S)+", text)]
    settings: dict[str, str] = {}
    left: list[str] = []
    while words:
        word = words.pop(0)
        if word == "-c" and words:
            word = f"-c {words.pop(0)}"
        if match := _OPTION.match(word):
            settings[match[1].replace("-", "_")] = match[2]
        else:
            left.append(word)
    return {**settings, **({"options": " ".join(left)} if left else {})}


def _sensible(host: str) -> bool:
    """Whether it can be looked up, or is a socket's folder."""
    return host.startswith(("/", "@")) or (
        len(host) <= MAX_HOST and all(0 < len(part) < 64 for part in host.rstrip(".").split("."))
    )


def _too_long(host: str) -> str:
    return f"names a host of {len(host)} characters: parts of a name are up to 63, all of it up to {MAX_HOST}"
