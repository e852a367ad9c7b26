"""`backtest`: what this policy would have done on your own history."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from monitor.backtest import said
from monitor.backtest.document import Json
from monitor.backtest.opened import STEP, Wanted, opened
from monitor.backtest.page import page
from monitor.backtest.running import Plan, of_logs, of_recording, of_server
from monitor.backtest.watches import ASKED_EVERY
from monitor.cli import logs
from monitor.cli.configured import finish
from monitor.cli.context import Chosen, chosen, say, say_json, warn
from monitor.cli.exits import INTERRUPTED
from monitor.cli.recording import readings
from monitor.cli.replay import opened as recording
from monitor.clock import utc_now
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Policy
from monitor.errors import OperatorError
from monitor.files import write_whole
from monitor.net import Net
from monitor.settings import Settings, load, load_policy
from monitor.settings.limit_checks import kind_of
from monitor.settings.limits import effective
from monitor.tls import Identity
from monitor.units import UnitError, duration

KINDS = {"error_rate": "ratio", "response_time": "time", "query_latency": "time"}
"""Of the documented metrics; all else is a count."""

MOST_DAYS = 366


def backtest(
    ctx: typer.Context,
    prometheus: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="a Prometheus server; default: that of the configuration's `promql` sources"
        ),
    ] = None,
    days: Annotated[float, typer.Option(metavar="N", help="so much of its history, up to now")] = 30.0,
    target: Annotated[
        str | None, typer.Option(help="whose sources are asked, when several are configured")
    ] = None,
    errors: Annotated[
        str | None,
        typer.Option(
            metavar="SERIES",
            help="the counters of failed requests; with --requests no configuration is needed",
        ),
    ] = None,
    requests: Annotated[
        str | None, typer.Option(metavar="SERIES", help="the counters of all requests")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:UNIT]=PROMQL",
            help="a query for a metric of the policy, as response_time:s=…; repeatable",
        ),
    ] = None,
    match: Annotated[
        str,
        typer.Option(
            metavar="CONDITIONS", help="""which series of a page are the target's, as 'job="shop"'"""
        ),
    ] = "",
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'NAME: VALUE'",
            help="sent to the server; ${VARIABLE} is read from the environment; repeatable",
        ),
    ] = None,
    step: Annotated[
        str | None, typer.Option(metavar="D", help="between two reads; default: 15s, or as it was scraped")
    ] = None,
    jsonl: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="instead: a recording, as `replay` reads it; - for stdin"),
    ] = None,
    log: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="instead: an access log, combined or JSON lines, also .gz; repeatable"
        ),
    ] = None,
    every: Annotated[str, typer.Option(metavar="D", help="a watch is begun so often")] = "1h",
    limits: Annotated[
        bool, typer.Option("--limits/--no-limits", help="also try other limits and holds")
    ] = True,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="with charts, as one self-contained page")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> None:
    """What this policy would have done on your own history: rollbacks, alerts, how watches end."""
    logs.to_stderr()
    asked = Wanted(
        prometheus,
        days,
        errors,
        requests,
        tuple(metric or ()),
        match,
        tuple(header or ()),
        _span("--step", step),
    )
    apart = _span("--every", every)
    _refuse(asked, jsonl, log, apart)
    settings, plan = _plan(chosen(ctx), asked, target, recorded=jsonl is not None or bool(log))
    plan = replace(plan, every=apart or plan.every, limits=limits)
    with _quietly():
        if jsonl is not None:
            with recording(jsonl) as lines:
                answer = of_recording(plan, readings(lines))
        elif log:
            answer = of_logs(plan, log, asked.step or STEP)
        else:
            answer = finish(_of_server(settings, plan, asked))
    if as_json:
        say_json(answer)
    else:
        say("\n".join(said.lines(answer, shutil.get_terminal_size().columns)))
    if html is not None:
        write_whole(html, page(answer).encode())
        warn(f"the page is in {html}")


@contextmanager
def _quietly() -> Iterator[None]:
    """Ctrl-C ends it without a word."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def _refuse(asked: Wanted, jsonl: str | None, log: list[str] | None, every: Micros | None) -> None:
    """Raises OperatorError for options that do not go together."""
    if sum((asked.url is not None, jsonl is not None, bool(log))) > 1:
        raise OperatorError("--prometheus, --jsonl and --log are three histories: name one")
    if (asked.errors is None) != (asked.requests is None):
        raise OperatorError("--errors and --requests belong together: name both")
    if every is not None and every < ASKED_EVERY:
        raise OperatorError("--every is under 5m: a watch's end is known to five minutes")
    if not 0 < asked.days <= MOST_DAYS:
        raise OperatorError(f"--days {asked.days:g} is not between 0 and {MOST_DAYS}")


def _plan(
    config: Chosen, asked: Wanted, target: str | None, *, recorded: bool
) -> tuple[Settings | None, Plan]:
    """The target's policy where its sources are asked or it is named; else the file's, or the documented."""
    if target is None and (recorded or asked.errors is not None):
        if not config.named:
            return None, Plan(Policy(), KINDS)
        return None, Plan(load_policy(config.config), KINDS)
    settings = load(config.config)
    name = _target(settings, target)
    kinds = {m: str(kind_of(found) or "count") for m, found in effective(settings.layers(name)).items()}
    return settings, Plan(settings.policy(name), kinds, name)


def _target(settings: Settings, target: str | None) -> str:
    known = ", ".join(settings.targets)
    if target is None and len(settings.targets) > 1:
        raise OperatorError(f"several targets are configured: choose one with --target ({known})")
    if target is not None and target not in settings.targets:
        raise OperatorError(f"no target {target!r} is configured: known are {known}")
    return target or next(iter(settings.targets))


async def _of_server(settings: Settings | None, plan: Plan, asked: Wanted) -> Json:
    net = Net(tls=Identity(settings.tls.files) if settings is not None else None)
    try:
        with _progress() as told:
            found = await opened(net, settings, plan.target, plan.policy, asked, utc_now())
            return await of_server(plan, found, told)
    finally:
        await net.aclose()


@contextmanager
def _progress() -> Iterator[Callable[[float], object]]:
    """A bar on a terminal's stderr, gone at the end; nothing in a pipe."""
    console = Console(stderr=True)
    columns = (
        TextColumn("reading the history"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda share: progress.update(task, completed=share)


def _span(option: str, text: str | None) -> Micros | None:
    """A duration of the command line: a second at least. Raises OperatorError."""
    if text is None:
        return None
    try:
        found = duration(text)
    except UnitError as e:
        raise OperatorError(f"{option} {text!r} {e}") from None
    if found < SECOND or found % SECOND:
        raise OperatorError(f"{option} {text!r} is not a whole number of seconds, at least 1")
    return found
