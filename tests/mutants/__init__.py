"""Mutation testing of the decision core and the rate window: `make mutants MODULE=monitor.core.reads`.

mutmut's operators change one thing in a function or a constant at a time, and the tests that call it run. A
change that no test notices is a survivor: a fact that no test states, or code that is not needed.
mutmut's own runs are not used: they copy the tree, start pytest anew for each of five thousand mutants, and
leave decorated functions and constants alone. Here a mutant is put into a process forked from one that has
collected the tests, which takes a twentieth of the time: all five thousand took half an hour in one process
on a busy machine of two cores, a module a few minutes. Only tests that take less than a quarter of a second
are asked, and no properties; `--again` with `--longest 3` or `--all-tests` asks more of what survived.

`accepted.toml` lists those that may survive, each with its reason; any other fails the command.
"""
