"""A rollback run on a clone of the schema, on a scratch server: locks, errors, and what comes back.

The rule of this room: no row leaves the target, and nothing there is changed.
"""
