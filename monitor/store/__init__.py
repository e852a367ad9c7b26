"""What is remembered: the schema `migration_monitor` in the target's database, and who may write it.

`gateway.PgStore` is the daemon's side, `registry.PgRegistry` that of commands and the API. SQL stands
as constants beside its only reader. Nothing here decides anything about a watch.
"""
