"""Watches at well-known stages of their life, each made once and then only copied."""

from functools import cache
from pathlib import Path

from tests.reliability.payments import FIRST_NIGHT, SECOND_NIGHT, a_day_later, watch_of_payments
from tests.reliability.watch import Watch

WAITING_DIGEST = """
insert into nightflag_digests (monitor, as_of, channel, status, title, body, due_at)
values ('payments', :day, 'env:DOORBELL', 'waiting', 'A night', 'Two flags.', :day)
"""
STEPS_OF_TRAINING = ("checked", "sampled", "trained", "model written", "model registered")


class Stages:
    """The stages, on ``sqlite`` and ``postgresql``; copy a watch before you change it."""

    def __init__(self, folder: Path, server_url: str) -> None:
        self.folder, self.server_url = folder, server_url
        for stage in ("trained", "first_night", "changed", "second_night", "due", "retrained"):
            setattr(self, stage, cache(getattr(self, stage)))
        self.left: dict[str, dict[str, list[str]]] = {}
        self.places: dict[str, list[str]] = {}

    def new(self, database: str, folder: Path) -> Watch:
        """A watch before its first night."""
        return watch_of_payments(folder, self.server_url if database == "postgresql" else None)

    def trained(self, database: str) -> Watch:
        """A watch whose first night has its model and was killed before it scored anything.

        On SQLite it was killed at every step of training, on PostgreSQL, to save time, only at the
        last. What each kill left published stands in ``left``.
        """
        watch = self.new(database, self.folder / database / "trained")
        for place in STEPS_OF_TRAINING if database == "sqlite" else STEPS_OF_TRAINING[-1:]:
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
