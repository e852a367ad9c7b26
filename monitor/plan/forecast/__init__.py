"""What a plan will make of the schema: played on a model, before anything is sent.

The rule of this room: it stands below the kinds of statement, which play themselves on `schema_after`.
"""
