"""Writes prometheusrule.yaml: deploy/prometheus/rules.yaml as the Prometheus operator wants it.

python deploy/kubernetes/components/prometheus-operator/generate.py (a test says when it is due)
"""

from pathlib import Path

HERE = Path(__file__).parent
RULES = HERE.parents[2] / "prometheus" / "rules.yaml"
WRITTEN = HERE / "prometheusrule.yaml"

HEAD = """\
# Written by generate.py from deploy/prometheus/rules.yaml: change that.
# `runbooks`: the page of every runbook_url; overlays/production puts the address of your copy there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: migration-monitor
  namespace: migration-monitor
  annotations:
    runbooks: deploy/prometheus/README.md
spec:
"""


def generated() -> str:
    """The object; the rules word by word, only further in."""
    lines = RULES.read_text().splitlines()
    return HEAD + "".join(f"  {line}\n" if line else "\n" for line in lines)


if __name__ == "__main__":
    WRITTEN.write_text(generated())
