"""Where apps find the phone: on loopback alone."""

from __future__ import annotations

HOST = "127.0.0.1"
