"""The whole daemon in invented worlds of a day and more, on a clock that costs nothing.

What is real here: everything of `monitor/daemon`, `monitor/core` and `monitor/sources`, and the outbox of
`monitor/channels`. What is played: the adapters of the ports to the outside, that is the application's pages,
the database (lease, ledger, watches, outbox), the executor's statements, and where alerts arrive.

    world.py        a world as a plain value: traffic, incidents, faults, persons; printed and read again
    making.py       draws a world from a seed
    edges.py        draws a short one at the edges of the rules: outages that end around their hold
    traffic.py      what an application has counted until a second, with and without its incidents
    application.py  its pages as somebody who asks sees them, with the faults that sources have
    database.py     the one database of a target: who may act, what is stored, what took effect
    store.py, executor.py, channel.py, process.py    a daemon's adapters, and its life and death
    faults.py       how each kind of fault begins and ends
    stage.py        plays a world
    witness.py      what is held against the promises: acting.py, standing.py, measuring.py, counting.py,
                    telling.py; and chances.py
    table.py        worlds of tests/worlds, lived through by the whole daemon
    shrink.py       takes away from a failing world what it does not need to fail
    breaks.py       mistakes that could be made in the daemon, and a world in which each of them is seen
    edited.py       plays worlds with such a mistake in the program
    kept.jsonl      worlds that failed once; the tests play them always

`python -m tests.simulation --help` tells how to play worlds by hand, `python -m tests.simulation.breaks`
which mistakes are seen, and where first.
"""
