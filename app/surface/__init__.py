"""The phone as its surfaces see it: snapshots, commands, the socket."""
