"""Every parser that reads what others wrote, against what nobody would write: `make fuzz MINUTES=15`.

A parser may refuse, by the error its docstring names, and nothing else: it raises no other, comes to an end
in little time, gives no count that is negative or not finite, and repeats nothing raw in its sentence.
`make test` runs a few examples of each, always the same; what was found once is kept beside its test.
"""
