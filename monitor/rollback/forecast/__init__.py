"""What a plan will make of the schema: played on a model, before anything is sent.

The rule of this room: `model` is what is played on, `effects` one small function for each kind.
"""
