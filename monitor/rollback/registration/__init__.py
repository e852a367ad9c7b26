"""What is decided when a plan is registered, and looked at again while it is watched: what speaks against it.

The rule of this room: reasons are found here; nothing is executed.
"""
