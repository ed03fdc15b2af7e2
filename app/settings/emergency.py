"""What calls for help, as the settings have it."""

from __future__ import annotations

from app.model.dialplan import EmergencyNumbers
from app.settings.layers import Layers


def emergency_numbers(settings: Layers) -> EmergencyNumbers:
    """The numbers that are always called, at the PBX the phone belongs to."""
    return EmergencyNumbers(settings.words("lock.emergency_numbers"), settings.text("sip.registrar"))
