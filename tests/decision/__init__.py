"""How good the decision is, measured: worlds with a known truth, the daemon's own path, and other rules.

`make decision` runs it (`python -m tests.decision`), writes the tables of docs/decision.md and README.md, and
fails when something that is claimed there does not hold.
"""
