"""From a script to a stored plan: what it does and loses, and what speaks against it.

The rule of this room: reasons are found here, and again while a watch is open; nothing is executed.
`prepare` makes a plan, `stored` is what a watch holds of it, `forecast` plays it on the schema as values.
"""
