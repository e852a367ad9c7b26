"""The decision core: values in, values out.

The rule of this room: no clock, no IO, no logging, no asyncio, no randomness.
Every event carries its own time `at` in whole microseconds since the epoch; durations are whole
microseconds too, so that "exactly 5 minutes" is exact. What is made anew for each read is a named tuple,
which takes a third of a frozen dataclass to make; all other values are frozen dataclasses.
"""
