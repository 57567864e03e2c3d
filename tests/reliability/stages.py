"""Watches at well-known stages of their life, each made once and then only copied."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.reliability.payments import FIRST_NIGHT, SECOND_NIGHT, a_day_later, watch_of_payments
from tests.reliability.watch import Watch

WAITING_DIGEST = """
insert into nightflag_digests (monitor, as_of, channel, status, title, body, due_at)
values ('payments', :day, 'env:DOORBELL', 'waiting', 'A night', 'Two flags.', :day)
"""
STEPS_OF_TRAINING = ("checked", "sampled", "trained", "model written", "model registered")
AT_ITS_END = STEPS_OF_TRAINING[-1:]
TO_SAVE_TIME = {"sqlite": STEPS_OF_TRAINING, "postgresql": AT_ITS_END}


class Stages:
    """The stages, on ``sqlite`` and ``postgresql``; copy a watch before you change it.

    ``kills`` are the places at which, on each, the first night is killed while it trains.
    """

    def __init__(
        self,
        folder: Path,
        server_url: str,
        kills: Mapping[str, Sequence[str]] = TO_SAVE_TIME,
    ) -> None:
        self.folder, self.server_url, self.kills = folder, server_url, kills
        for stage in ("trained", "first_night", "changed", "second_night", "due", "retrained"):
            setattr(self, stage, cache(getattr(self, stage)))
        self.left: dict[str, dict[str, list[str]]] = {}
        self.places: dict[str, dict[str, float]] = {}

    def new(self, database: str, folder: Path) -> Watch:
        """A watch before its first night."""
        return watch_of_payments(folder, self.server_url if database == "postgresql" else None)

    def trained(self, database: str) -> Watch:
        """A watch whose first night has its model and was killed before it scored anything.

        What each kill left published stands in ``left``.
        """
        watch = self.new(database, self.folder / database / "trained")
        for place in self.kills[database]:
            assert watch.night(FIRST_NIGHT, place=place).status == "killed"
            self.left[f"{database}, {place}"] = watch.published()
        return watch

    def first_night(self, database: str) -> Watch:
        """A watch after its first night, which scored without being disturbed."""
        watch = self.trained(database).copy(self.folder / database / "first")
        assert watch.night(FIRST_NIGHT).status == "published"
        return watch

    def changed(self, database: str) -> Watch:
        """The same, a day's new, late, corrected, deleted and bad records later."""
        watch = self.first_night(database).copy(self.folder / database / "changed")
        a_day_later(watch)
        return watch

    def second_night(self, database: str) -> Watch:
        """The same, after a second night that nothing disturbed."""
        watch = self.changed(database).copy(self.folder / database / "second")
        assert watch.night(SECOND_NIGHT).status == "published"
        return watch

    def due(self, database: str) -> Watch:
        """A changed one whose model is due to be trained again, and with two digests to send.

        Who finds it busy does not wait.
        """
        watch = self.changed(database).copy(self.folder / database / "due")
        watch.change(
            training={"at_least": 100, "every": "1 day"},
            alerts={"to": ["env:DOORBELL"]},
            execution={"batch_size": 24, "lock_wait": "0 seconds"},
        )
        for day in ("2026-02-27", "2026-02-28"):
            watch.execute(WAITING_DIGEST, {"day": f"{day} 00:00:00.000000"})
        return watch

    def retrained(self, database: str) -> Watch:
        """The same, after a second night that retrained, and that nothing disturbed."""
        watch = self.due(database).copy(self.folder / database / "retrained")
        undisturbed = watch.night(SECOND_NIGHT)
        assert undisturbed.status == "published"
        self.places[database] = undisturbed.places
        return watch


stages_in = cache(Stages)
