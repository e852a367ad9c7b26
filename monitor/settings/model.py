"""The configuration as values: every section, every key, every default with its unit.

The kinds of sources, channels, hooks and tools are no part of it: `whole` adds those that are registered.

Defaults are written as an operator writes them and read by the same code. Limits and times of a
watch are in `limits`; what several keys must say together is in `checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from monitor.channels.configuration import ChannelKeys
from monitor.history.tool import Tool
from monitor.options import (
    Dsn,
    Duration,
    Listen,
    PageOfWatch,
    PublicUrl,
    Secret,
    Section,
    Span,
    Text,
    key,
)
from monitor.settings.hooks import AfterHook, BeforeHook, Blockers
from monitor.settings.limits import Layer, MetricName, PolicySettings, Thresholds
from monitor.sources.configuration import SourceKeys
from monitor.tls import Files

TargetName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


class Rollback(Section):
    """How a rollback meets a live database."""

    max_app_stall: Span = key("2s", "one try waits at most this long for all its locks")
    max_locked: Span = key("2s", "a plan that holds its locks longer is not ready")
    lock_budget: Span = key("2m", "without the locks by then it pages, and goes on slowly")
    verify_for: Duration = key("10m", "metrics watched on afterwards, to say whether it helped")
    salvage_for: Span = key("30d", "what a rollback copied away is dropped after this, a day's notice before")
    quarantine_for: Span = key("30d", "... what it put aside; never while a watch on the target is open")
    blockers: Blockers = key({}, "what is done about sessions in the way")


class Database(Section):
    """How to reach the watched database."""

    dsn: Dsn = Field(description="for polling: a role with pg_monitor")
    rollback_dsn: Dsn | None = Field(None, description="for the rollback: the owner's role; default: dsn")
    allow_superuser: Text | None = Field(
        None, description="name of the superuser that may be the rollback role; without it none may"
    )
    scratch_dsn: Dsn | None = Field(None, description="for `rehearse`: a test server, or an empty database")


class Migrations(Section):
    """The tool that applies this target's migrations: where its files are, and its own table."""

    tools: ClassVar[Mapping[str, Tool]] = {}

    tool: str = Field(description="which one")
    dir: Text | None = Field(None, description="its migrations; seen from where the command is run")
    table: Text | None = Field(None, description="its table; default: the tool's own")
    schema_name: Text | None = Field(
        None, alias="schema", description="schema of its table; default: the tool's own, mostly public"
    )

    @property
    def own(self) -> dict[str, object]:
        """What is written under the tool's own keys, defaults too."""
        return {name: getattr(self, name) for name in self.tools[self.tool].keys.model_fields}


class OneKind(Section):
    """Exactly one of the registered kinds, which `whole.settings_with` adds, each a key of its own."""

    @property
    def kind(self) -> str:
        """The name of its kind, as it is written."""
        return next(iter(self.written()))

    def written(self) -> dict[str, Any]:
        """The kinds that are there, by name: one, in a good file."""
        found = {(f.alias or name): getattr(self, name) for name, f in type(self).model_fields.items()}
        return {kind: keys for kind, keys in found.items() if keys is not None}


class MetricSource(OneKind):
    """Exactly one kind of source."""

    @property
    def keys(self) -> SourceKeys:
        """The keys of the source itself."""
        found: SourceKeys = next(iter(self.written().values()))
        return found


class Target(Section):
    """One database and the application on it."""

    database: Database
    metrics: dict[MetricName, MetricSource] = Field({}, description="sources of what the database can't say")
    thresholds: Thresholds = Field({}, description="overrides for this target, key by key")
    migrations: Migrations | None = Field(None, description="its migration tool, if there is one")
    before_rollback: tuple[BeforeHook, ...] = Field((), description="pulled before any statement")
    after_rollback: tuple[AfterHook, ...] = Field((), description="pulled when it took effect")

    @property
    def dsn(self) -> str:
        """For polling, in plain text."""
        return self.database.dsn.get_secret_value()

    @property
    def scratch_dsn(self) -> str | None:
        """Where rollbacks are rehearsed, in plain text; None: nowhere."""
        return self.database.scratch_dsn.get_secret_value() if self.database.scratch_dsn else None

    @property
    def rollback_dsn(self) -> str:
        """For the rollback, in plain text."""
        return (self.database.rollback_dsn or self.database.dsn).get_secret_value()


class Alert(OneKind):
    """Exactly one kind of channel."""

    @property
    def channel(self) -> ChannelKeys:
        """The keys of the channel itself."""
        found: ChannelKeys = next(iter(self.written().values()))
        return found


class Server(Section):
    """The daemon's own page, API and metrics."""

    listen: Listen = Field("127.0.0.1:9878", description="HOST:PORT; loopback unless you say otherwise")
    token: Secret | None = Field(None, description="without it nothing can be changed over HTTP")
    hosts: tuple[Text, ...] = Field((), description="further names that the Host header may say")
    url: PublicUrl | None = Field(
        None, description="where people open the page, `https://monitor.example.com`: linked in every alert"
    )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; port 0 lets the system choose."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Tls(Section):
    """Whom to believe, beside the system's authorities, and who we are: for sources, channels and hooks."""

    ca_file: Text | None = Field(
        None, description="PEM file of further authorities, for HTTPS sources and alert channels"
    )
    cert_file: Text | None = Field(
        None, description="PEM file of our certificate, for peers that ask for one; read anew when it changes"
    )
    key_file: Text | None = Field(None, description="PEM file of its key; default: it is in `cert_file`")

    @model_validator(mode="after")
    def _key_of_a_certificate(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("key_file is the key of cert_file: write both")
        return self

    @property
    def files(self) -> Files:
        return Files(self.ca_file, self.cert_file, self.key_file)


class Report(Section):
    """Where the report of each watch goes when it has ended."""

    dir: Text | None = Field(None, description="folder that gets ID.html of each watch; default: none")
    url: PageOfWatch | None = Field(
        None, description="where people find it, `{id}` for the watch's: linked in the closing alert"
    )


class Store(Section):
    """Where samples, events and alerts are kept."""

    dsn: Dsn | None = Field(None, description="default: the target's rollback_dsn")
    retention: Span = key(
        "14d", "older samples, settled alerts and events are removed, but what a rollback did"
    )


class Settings(PolicySettings):
    """A whole configuration."""

    targets: dict[TargetName, Target] = Field(min_length=1, description="the watched databases, by name")
    rollback: Rollback = key({}, "how a rollback meets a live database")
    alerts: tuple[Alert, ...] = Field((), description="where alerts go")
    server: Server = key({}, "the daemon's own page, API and metrics")
    report: Report = key({}, "where the report of each watch goes")
    tls: Tls = key({}, "whom to believe, beside the system's authorities")
    store: Store = key({}, "where samples, events and alerts are kept")

    def layers(self, target: str | None = None) -> tuple[Layer, ...]:
        """The documented thresholds, then everybody's, then the target's own."""
        if target is None:
            return super().layers()
        own = Layer(("targets", target, "thresholds"), self.targets[target].thresholds)
        return (*super().layers(), own)

    def store_dsn(self, target: str) -> str:
        """Where samples, events and alerts of `target` go, in plain text."""
        return self.store.dsn.get_secret_value() if self.store.dsn else self.targets[target].rollback_dsn
