"""Data that a plan would take away: counted, copied away or put aside, put back, and dropped at last.

The rule of this room: nothing that was written since the migration is lost unless the operator named it.
"""
