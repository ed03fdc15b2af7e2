"""`python -m app.main` is `ip270`."""

import sys

from app.main import main

sys.exit(main())
