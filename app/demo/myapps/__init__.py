"""A PBX that speaks innovaphone's protocols: the judge of the phone's side, so it shares no parser, no digest and no
state machine with it (import-linter holds that). Written from the published documents alone; what they leave open
stands in `guesses`."""
