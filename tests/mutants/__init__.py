"""Mutation testing of the decision core and the rate window: `make mutants MODULE=monitor.core.reads`.

mutmut's operators change one thing in a function or a constant at a time, and the tests that call it run. A
change that no test notices is a survivor: a fact that no test states, or code that is not needed.
mutmut's own runs are not used: they copy the tree, start pytest anew for each of five thousand mutants, and
leave decorated functions and constants alone. Here a mutant is put into a process forked from one that has
collected the tests, which takes a twentieth of the time.

`accepted.toml` lists those that may survive, each with its reason; any other fails the command.
"""
