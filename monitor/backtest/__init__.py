"""What a policy would have done on a target's own history: `backtest`.

How it works. A history is rounds of readings, at most a step apart, from a Prometheus server, a recording or
access logs. They are fed to the decision core once, as to a watch that never ends (`passing`): that gives
each firing with its evidence. Watches that could have begun in each hour (`watches`) share that pass: what
success asks of the last 24 hours is asked of its state, and only where a watch's own limit or its own
beginning could make a difference the core is run for it alone, and only there (`screened`). Nothing is
decided in this room.

Sources hand in rounds (`fetching` and `asked`: a Prometheus server; `logs`, `recorded`: files), `document` is
the answer as JSON, `said` and `page` show it to people.
"""
