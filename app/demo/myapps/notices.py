"""What the PBX tells a phone outside any call: a call without media that has no far end and is over at once."""

from __future__ import annotations

from app.demo.myapps.guesses import SPEECH
from app.demo.myapps.installation import Subscriber
from app.demo.myapps.legs import Leg, Station
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.signals import (
    WITHOUT_MEDIA,
    Facility,
    MwiActivate,
    MwiDeactivate,
    MwiInterrogate,
    MwiInterrogateResult,
    Signal,
    packed,
)
from app.demo.myapps.switchboard import Switchboard


class Notices:
    """Messages that wait (H.450.7), and diversions that have changed."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self.message_center = EndPoint()
        """Who has the messages."""

    def tell(self, subscriber: Subscriber, facility: Facility) -> None:
        """Tell all phones of a user."""
        for station in self._switchboard.stations(subscriber.user.sip):
            self._notify(station, facility)

    def came(self, station: Station) -> None:
        """A phone is registered: it hears of messages that wait."""
        if station.subscriber.messages:
            self._notify(station, self._waiting(station.subscriber))

    def set_messages(self, subscriber: Subscriber, number: int) -> None:
        """So many messages wait for a user now."""
        subscriber.messages = number
        end_point = subscriber.end_point
        self.tell(
            subscriber,
            self._waiting(subscriber)
            if number
            else MwiDeactivate(served_user=end_point, message_center=self.message_center, service=SPEECH),
        )

    def serve(self, leg: Leg, facility: Facility, _: Signal) -> bool:
        """Answer a call of which this is all, if it asks for messages."""
        if not isinstance(facility, MwiInterrogate):
            return False
        sub = self._waiting(leg.subscriber) if leg.subscriber.messages else None
        leg.send(Signal("conn", fty=packed(MwiInterrogateResult(sub=sub))))
        return True

    def _notify(self, station: Station, facility: Facility) -> None:
        leg = self._switchboard.new_leg(station)
        leg.served = True
        who = station.subscriber.end_point
        leg.send(Signal("setup", bc="a880", cd=who, complete=True, channel=WITHOUT_MEDIA, fty=packed(facility)))

    def _waiting(self, subscriber: Subscriber) -> MwiActivate:
        return MwiActivate(
            served_user=subscriber.end_point,
            message_center=self.message_center,
            originating_user=self.message_center,
            service=SPEECH,
            number=subscriber.messages,
        )
