"""Recording calls: the signalling that leads Wireshark to the voice, the files, and their way to a server."""
