"""Reaching the far end: STUN (RFC 8489), ICE (RFC 8445) and TURN (RFC 8656), sans-IO.

Bytes and time go in; bytes and deadlines come out. Sockets belong to the engine, the clock to whoever drives.
"""
