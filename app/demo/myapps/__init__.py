"""A PBX that speaks innovaphone's protocols, to judge the phone's side.

It shares no parser, no digest and no state machine with the phone (import-linter holds that), and was written from the
published documents alone; what they leave open stands in `guesses`.
"""
