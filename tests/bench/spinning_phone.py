"""The phone, with a thread beside it that holds the Python interpreter's lock as much as it can.

Takes the phone's own command line: `python -m tests.bench.spinning_phone run --board=headless …`.
"""

from __future__ import annotations

import sys

from tests.peers.worker import start_spinning

if __name__ == "__main__":
    from app.main import main

    start_spinning()
    sys.exit(main())
