"""The call model: what every surface shares, and the ports to signalling and media."""
