"""Every word for people: next step, verdicts, alerts, events, reasons, times; once, for all surfaces.

The rule of this room: values in, sentences out. It imports values only (core, ports, units), asks nothing and
decides nothing; and nothing outside it may depend on how a sentence is worded.
"""
