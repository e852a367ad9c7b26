"""Whom we believe over TLS, and who we are: one context for every peer, read anew when its files change.

Certificates of a few hours are usual in a service mesh, and a daemon runs for weeks: files that changed are
read before the next new connection. What can't be read then leaves the context as it was.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import certifi

from monitor.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Files:
    """PEM files: further authorities, and a client certificate with its key (in the same file if None)."""

    authorities: str | None = None
    certificate: str | None = None
    key: str | None = None


class Unusable(OperatorError):
    """A file that can't be used; `key` is that of the section `tls` which names it."""

    def __init__(self, key: str, what: str) -> None:
        self.key, self.what = key, what
        super().__init__(f"tls.{key}: {what}")


class Identity:
    """The context of every connection, for as long as the program runs."""

    def __init__(self, files: Files = Files()) -> None:
        """Raises Unusable, which names the file, when one can't be read."""
        self._files = files
        self._seen = self._stamps()
        self._context = _context(files)

    def context(self) -> ssl.SSLContext:
        """As the files are now."""
        seen = self._stamps()
        if seen != self._seen:
            try:
                self._context = _context(self._files)
            except Unusable:  # half written: asked again at the next connection
                return self._context
            self._seen = seen
        return self._context

    def _stamps(self) -> tuple[tuple[int, int] | None, ...]:
        named = (self._files.authorities, self._files.certificate, self._files.key)
        return tuple(_stamp(name) for name in named if name is not None)


def _stamp(name: str) -> tuple[int, int] | None:
    """Changes with what the file holds, also behind the symlinks that Kubernetes swaps."""
    try:
        stat = Path(name).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino


def _context(files: Files) -> ssl.SSLContext:
    """The system's authorities, so that a company's own work; certifi's where the system has none."""
    paths = ssl.get_default_verify_paths()
    context = ssl.create_default_context(cafile=None if paths.cafile or paths.capath else certifi.where())
    if files.authorities is not None:
        try:
            context.load_verify_locations(files.authorities)
        except (OSError, ValueError):  # SSLError is an OSError: no certificate in it
            text = f"{files.authorities} can't be read as PEM certificates"
            raise Unusable("ca_file", text) from None
    if files.certificate is not None:
        try:
            context.load_cert_chain(files.certificate, files.key, password=lambda: "")
        except (OSError, ValueError):
            raise Unusable("cert_file", _unusable(files)) from None
    return context


def _unusable(files: Files) -> str:
    where = f" with tls.key_file: {files.key}" if files.key else ", which must hold its key too"
    return (
        f"{files.certificate} can't be used{where}:"
        " both must be PEM, belong together, and the key must not need a passphrase"
    )
