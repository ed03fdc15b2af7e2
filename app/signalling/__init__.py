"""Telling a PBX about calls: speakers of signalling protocols behind one Q.931 port."""
