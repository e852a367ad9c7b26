"""What the database is: its names, the touched objects and the whole schema, read and compared.

The rule of this room: it reads the catalogue and changes nothing.
"""
