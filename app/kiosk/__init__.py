"""The second process: what the user sees and touches. It knows the phone by snapshots and commands alone."""

import os

# pygame greets on standard output, which belongs to whoever started us.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
