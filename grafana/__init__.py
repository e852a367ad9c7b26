"""Dashboards for Grafana, written by `python -m grafana.build` from the few lines beside it."""
