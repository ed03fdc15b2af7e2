"""The phone's application: rooms from the command line down to the model (docs/architecture.md)."""
