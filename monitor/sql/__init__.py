"""What the operator's text says: split and classified by PostgreSQL's own grammar, as values.

The rule of this room: text in, values out. It asks no database and does not know the catalogue.
"""
