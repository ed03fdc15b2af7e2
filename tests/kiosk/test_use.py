"""Whoever touches the glass uses the phone, whatever he touches."""

from __future__ import annotations

from app.kiosk.use import INTERVAL, Use
from app.model.commands import AnyCommand, Used


def test_the_first_touch_is_told_at_once_and_a_flood_once_in_a_while() -> None:
    now, sent = [100.0], list[AnyCommand]()

    def send(command: AnyCommand) -> int:
        sent.append(command)
        return len(sent)

    use = Use(send, lambda: now[0])
    use.noted()
    assert sent == [Used(id=0)]
    now[0] += INTERVAL / 2
    use.noted()
    assert len(sent) == 1
    now[0] += INTERVAL / 2
    use.noted()
    assert len(sent) == 2
