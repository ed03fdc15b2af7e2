"""The second process: what the user sees and touches. It knows the phone by snapshots and commands alone."""
