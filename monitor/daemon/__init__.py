"""The daemon: reads, steps, records, acts; one loop per target, every task supervised.

The rules of this room: no adapter is imported here; everything from outside comes through constructors, as
the ports of `monitor.ports`. What is known of a watch changes in `keeper` alone, by methods named for what
happened, which `rounds` calls; whoever tells of a watch takes it as a value.

- The whole: `process`, `watchdog`, `calendar`. One target: `parts`, `loop`, `happenings` (its queue).
- Tasks beside the queue: `polling`, `checks`, `execution`, `recorder`.
- A batch of the queue: `rounds`, `keeper`, `opening` (what a watch began with), `target_memory`, `followup`.
- What people hear of it: `announcer`, `event_log`, `dedup` (each change once), `stories`, `reminders`.
"""
