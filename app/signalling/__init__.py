"""How the phone tells a PBX about calls: one speaker per protocol behind one port."""
