"""A release's Job as the pipeline waits for it: the real script and kubectl, on an API server played here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.exits import BY_VERDICT
from tests.machine import has
from tests.peers import listening, request_of, response

SCRIPT = Path(__file__).parents[2] / "deploy" / "kubernetes" / "release" / "verdict.sh"
JOB = "migration-monitor-release-add-contact-email"
PATIENCE = 60

Json = dict[str, Any]

DISCOVERY: Mapping[str, Json] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [{
        "name": "batch", "versions": [{"groupVersion": "batch/v1", "version": "v1"}],
        "preferredVersion": {"groupVersion": "batch/v1", "version": "v1"},
    }]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
        {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["get", "list"]},
        {"name": "pods/log", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get"]},
    ]},
    "/apis/batch/v1": {"kind": "APIResourceList", "groupVersion": "batch/v1", "resources": [
        {"name": "jobs", "singularName": "job", "namespaced": True, "kind": "Job", "verbs": ["get", "list"]},
    ]},
}  # fmt: skip
"""What kubectl asks first: which kinds there are."""


def pod(made: int, watch: int | None, wait: int | None) -> Json:
    """With the exit codes of its two containers; None: not ended."""
    ended = [{} if code is None else {"terminated": {"exitCode": code}} for code in (watch, wait)]
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": f"{JOB}-{made}", "namespace": "migration-monitor",
                     "creationTimestamp": f"2026-10-01T10:0{made}:00Z"},
        "spec": {"initContainers": [{"name": "watch"}], "containers": [{"name": "wait"}]},
        "status": {"initContainerStatuses": [{"name": "watch", "state": ended[0]}],
                   "containerStatuses": [{"name": "wait", "state": ended[1]}]},
    }  # fmt: skip


@dataclass
class Cluster:
    """Its Job has these conditions, the next ones each time it is asked; None: the server is away."""

    turns: list[Sequence[str] | None]
    pods: Sequence[Json] = ()
    asked: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            path = (await request_of(reader)).split(b" ")[1].decode()
            writer.write(self._answer(path.partition("?")[0], path))
            await writer.drain()

    def _answer(self, path: str, asked: str) -> bytes:
        pods = "/api/v1/namespaces/migration-monitor/pods"
        if path in DISCOVERY:
            return _json(DISCOVERY[path])
        if path == f"/apis/batch/v1/namespaces/migration-monitor/jobs/{JOB}":
            return self._job()
        if path == pods:
            assert f"labelSelector=batch.kubernetes.io%2Fjob-name%3D{JOB}" in asked
            return _json({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": list(self.pods)})
        if path.endswith("/log"):
            return response(b"what it said\n", headers="Content-Type: text/plain\r\n")
        found = [one for one in self.pods if path == f"{pods}/{one['metadata']['name']}"]
        return _json(found[0]) if found else _json(_status("NotFound", 404), "404 Not Found")

    def _job(self) -> bytes:
        self.asked += 1
        types = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if types is None:
            return _json(_status("InternalError", 500), "500 Internal Server Error")
        conditions = [{"type": t, "status": "True", "reason": "PodFailurePolicy", "message": "of a rule"}
                      for t in types]  # fmt: skip
        return _json({"apiVersion": "batch/v1", "kind": "Job", "status": {"conditions": conditions},
                      "metadata": {"name": JOB, "namespace": "migration-monitor"}})  # fmt: skip


def _status(reason: str, code: int) -> Json:
    return {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": reason, "code": code}


def _json(body: Json, status: str = "200 OK") -> bytes:
    return response(json.dumps(body).encode(), status, "Content-Type: application/json\r\n")


async def verdict(cluster: Cluster, folder: Path, job: str = JOB) -> tuple[int | None, str]:
    """Exit code and words of the script."""
    async with listening(cluster.serve) as api:
        config = folder / "kubeconfig"
        config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{api.port}"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}],
        }))  # fmt: skip
        program = await asyncio.create_subprocess_exec(
            SCRIPT, job, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={"KUBECONFIG": str(config), "HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin",
                 "INTERVAL": "0.1"},
        )  # fmt: skip
        said, _ = await asyncio.wait_for(program.communicate(), PATIENCE)
    return program.returncode, said.decode()


if has("kubectl"):  # without it these are not collected

    @pytest.mark.parametrize("code", sorted({*BY_VERDICT.values(), 2} - {0}))
    async def test_a_job_that_fails_ends_the_waiting_with_the_code_of_its_verdict(
        code: int, tmp_path: Path
    ) -> None:
        """Also when the API server was away meanwhile; of its pods the last one says it."""
        pods = (pod(2, 0, code), pod(1, 0, 1))
        cluster = Cluster([[], None, ["FailureTarget"], ["FailureTarget", "Failed"]], pods)
        found, said = await verdict(cluster, tmp_path)
        assert (found, cluster.asked >= 4) == (code, True), said
        assert "what it said" in said

    async def test_a_job_that_is_complete_is_a_success(tmp_path: Path) -> None:
        """A first try that failed does not count."""
        cluster = Cluster([["SuccessCriteriaMet", "Complete"]], (pod(2, 0, 0), pod(1, 1, None)))
        assert (await verdict(cluster, tmp_path))[0] == 0

    async def test_a_refused_plan_is_the_code_of_the_first_container(tmp_path: Path) -> None:
        """`wait` was never started."""
        assert (await verdict(Cluster([["Failed"]], (pod(1, 2, None),)), tmp_path))[0] == 2

    async def test_a_job_without_a_verdict_says_why_it_failed(tmp_path: Path) -> None:
        """Its deadline takes its pods away."""
        code, said = await verdict(Cluster([["Failed"]]), tmp_path)
        assert code == 1
        assert "PodFailurePolicy: of a rule" in said

    async def test_a_job_that_is_not_there_is_not_waited_for(tmp_path: Path) -> None:
        """A name with a slip, or one that was deleted."""
        code, said = await verdict(Cluster([[]]), tmp_path, "release")
        assert (code, said) == (1, "there is no Job release in the namespace migration-monitor\n")
