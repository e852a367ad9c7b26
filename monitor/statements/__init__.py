"""What a plan may hold, by noun: one file for each family of statements, one `Kind` in it for each statement.

A kind says how it is read from the grammar's tree, what it may destroy and which locks it takes, what it does
to the modelled schema, what it asks of rows and of the server, how it is put into quarantine, by what its
effect is known, and how people read it. One line in `registry.KINDS` makes it known; whoever plans and
executes asks the kind and never compares its name.

The rule of this room: it stands on the text, the schema and the model of a forecast, not on what executes; it
opens no connection, and the child process that parses imports it.
"""
