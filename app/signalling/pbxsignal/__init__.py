"""Calls over PbxSignal, the vendor's JSON call signalling on an AppWebsocket connection, behind the signalling port."""
