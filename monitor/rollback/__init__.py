"""The rollback: registered, kept ready, executed once.

The rule of this room: what is here carries a rollback out and proves that it could; `executor` is what the
daemon sees, `protocol` the way of one rollback, `ledger` what makes it happen once. What the text says is in
`script`, what the database is in `schema`, what will come of both in `forecast`; `registration` finds what
speaks against it, `data` keeps what it would take away, `rehearsal` tries it on a clone.
"""
