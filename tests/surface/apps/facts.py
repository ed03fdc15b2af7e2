"""The call model as the innovaphone APIs for apps see a phone."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.model import commands
from app.model.commands import AnyCommand, Reply
from app.model.history import CallRecord
from app.model.refusal import Refusal
from app.model.snapshot import CallView
from app.surface.apps.client_messages import ClientModel
from tests.calls.dummies import DeskPhone


class Facts:
    """`PhoneFacts` over the call model; `refusal` is what a locked phone would say."""

    def __init__(self) -> None:
        self.phone = DeskPhone()
        self.model = ClientModel()
        self.refusal: Refusal | None = None
        self.prepared: list[str] = []
        """Numbers that the display shows."""

    def calls(self) -> tuple[CallView, ...]:
        return self.phone.views

    def history(self) -> tuple[CallRecord, ...]:
        records = enumerate(self.phone.call_list.records, 1)
        return tuple(msgspec.structs.replace(record, row=row) for row, record in records)[::-1]

    def client(self) -> ClientModel:
        return self.model

    def registered(self) -> bool:
        return True

    def own_number(self) -> str:
        return "27"

    def internal_digits(self) -> int:
        return 4

    def command(self, command: AnyCommand, reply: Callable[[Reply], None]) -> None:
        refusal, control, now = self.refusal, self.phone.control, self.phone.now
        match command:
            case _ if refusal is not None:
                pass
            case commands.Dial(number=number):
                refusal = control.dial(number, now)
            case commands.PrepareDial(number=number):
                self.prepared.append(number)
            case commands.DescribeCall(call=call, words=words):
                refusal = control.describe(call, words, now)
            case commands.Answer():
                refusal = control.answer(now)
            case commands.Reject():
                refusal = control.reject(now)
            case commands.HangUp():
                refusal = control.hang_up(now)
        self.phone.settle()
        reply(Reply(0, refusal is None, *(() if refusal is None else (refusal.reason, refusal.advice))))
