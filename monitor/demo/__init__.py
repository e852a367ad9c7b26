"""The demonstration: a real PostgreSQL, a real application, a bad migration, the real daemon.

Nothing outside this package needs it, except the tests, which use its PostgreSQL launcher.
"""
