"""What a rollback keeps and gives back: copied away in its own transaction, put back, dropped at last.

The rule of this room: nothing that was written since the migration is lost unless the operator named it.
"""
