"""Many rounds of one rollback each, while two daemons, the server and the wire between them are tormented."""
