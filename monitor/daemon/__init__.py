"""The daemon: reads, steps, records, acts; one loop per target, every task supervised.

The rule of this room: no adapter is imported here; everything from outside comes through
constructors, as the ports of `monitor.ports`. Only `loop` changes what is known of a watch.
"""
