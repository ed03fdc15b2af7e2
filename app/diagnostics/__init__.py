"""Log flags, sinks and notices."""
