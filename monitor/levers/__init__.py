"""Hooks of a rollback: webhooks and commands that move what the database can't.

Rule of the room: what a hook says is never shown; only that it failed, and how.
"""
