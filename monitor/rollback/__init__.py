"""The rollback: registered, kept ready, executed once.

The rule of this room: what is here carries a rollback out and proves that it could; `executor` is what the
daemon sees, `protocol` the way of one rollback, `ledger` what makes it happen once. It is given a stored plan
(`monitor.plan`), and never asks what kind of statement it carries out.
"""
