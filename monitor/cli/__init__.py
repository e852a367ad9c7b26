"""The command line: one file for each family of commands, thin. `main` is the console script.

Rule of the room: read the arguments, call `monitor.app`, show the answer. Nothing is decided here.
"""

from monitor.cli.entry import main

__all__ = ["main"]
