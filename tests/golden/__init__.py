"""What the program says and stores today, word for word, so that a rebuild can be proven equal.

`kept/` holds it as text, one file per family; `python -m tests.golden` shows what differs, with `--write` it
writes the files anew. A family is a function of tests/golden/families.py that makes the text; times, ids and
places are put in order there, so that two runs on two machines write the same bytes.
"""
