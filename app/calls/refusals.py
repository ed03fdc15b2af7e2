"""Refusals that more than one kind of request can meet."""

from __future__ import annotations

from app.model.refusal import Refusal

NO_CALL = Refusal("There is no such call", "It may have ended already.")
EMERGENCY = Refusal("An emergency call is on", "End it first.")
NO_HOLD = Refusal("Calls on this line cannot be held", "End the call first.")
NOT_CONNECTED = Refusal("Nobody has answered yet", "Wait for the answer.")
STILL_CALLING = Refusal("You are already making a call", "Wait for the answer, or end it first.")
