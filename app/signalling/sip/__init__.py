"""SIP (RFC 3261): messages, transactions, dialogs and the user agent, without sockets or clocks at the core."""
