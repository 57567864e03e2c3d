"""Examining batches: from records to findings, whether they end as scores or in quarantine."""

from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from nightflag import alarms, explanation, heat_maps, sequences
from nightflag.alarms import Judged
from nightflag.drift import Tally
from nightflag.failpoints import reached
from nightflag.features import History, SequencePipeline
from nightflag.models import Model
from nightflag.monitors import Alarm
from nightflag.records import Batch, identity
from nightflag.results.staging import Counts, Findings
from nightflag.shadow import Shadow
from nightflag.validation import RowSuite, RuleCount, split
from nightflag.verdicts import precedents
from nightflag.workplace import Workplace

NO_EVENT_TIME = "event_time_is_readable"
EMPTY = pa.record_batch({"rank": pa.array([], pa.int32())})


class Examiner:
    """Turns batches of due records into findings, and keeps count of the rules."""

    def __init__(
        self, workplace: Workplace, model: Model, alarm: Alarm, shadow: Shadow | None = None
    ) -> None:
        self.key = workplace.layout.key
        self.time = workplace.monitor.source.time
        self.alarm = alarm
        self.model = model
        self.shadow = shadow
        self.expectations = split(workplace.monitor.expectations)[0]
        with workplace.results.reading() as connection:
            schema = workplace.tables.scores.schema
            self.precedents = precedents.read(connection, workplace.monitor.name, schema)
        self.rules: list[tuple[RuleCount, ...]] = []
        self.tally = Tally(model.reference) if model.reference else None

    @cached_property
    def suite(self) -> RowSuite:
        """The row expectations, prepared when there is a record to judge: that takes seconds."""
        return RowSuite(self.expectations)

    def findings(self, batch: Batch) -> Findings:
        """The scores of the good records, the reasons of candidates, and the bad ones' rules."""
        frame = batch.frame()
        failures = self.suite.check(frame)
        reached("validated a batch")
        self.rules.append(failures.counts)
        frame, unreadable = self.model.features.prepare(frame)
        failed = pd.concat(
            [self._without_identity(batch), failures.records, unreadable], ignore_index=True
        )
        good = np.ones(len(batch), dtype=bool)
        good[failed["row"].to_numpy(dtype=np.int64)] = False
        kept = batch.keep(good)
        frame = frame if good.all() else frame[good]
        reached("set aside a batch")
        counts = Counts(len(batch), len(kept), len(batch) - len(kept))
        quarantine = self._quarantine(batch, failed)
        if not len(kept):
            return Findings(EMPTY, EMPTY, quarantine, counts)
        seen = self._seen(kept, frame)
        scores, reasons, pictures = self._judged(kept, frame, seen)
        reached("scored a batch")
        beside = self._in_the_shadow(kept, seen)
        return Findings(scores, reasons, quarantine, counts, pictures, beside)

    def _in_the_shadow(self, kept: Batch, seen: pd.DataFrame | History) -> pa.RecordBatch | None:
        found = self.shadow.scores(kept, seen) if self.shadow else {}
        return pa.record_batch({**self._keys(kept), **found}) if found else None

    def _without_identity(self, batch: Batch) -> pd.DataFrame:
        """Records that cannot be joined or dated: in quarantine, whatever else they are."""
        undated = batch.event_time.is_null().to_numpy(zero_copy_only=False)
        broken = [*identity.broken(batch.records, self.key), (NO_EVENT_TIME, self.time, undated)]
        found = [
            {"row": row, "rule": rule, "column": name, "value": self._value(batch, name, int(row))}
            for rule, name, mask in broken
            for row in np.flatnonzero(mask)
        ]
        return pd.DataFrame(found, columns=["row", "rule", "column", "value"])

    @staticmethod
    def _value(batch: Batch, name: str, row: int) -> str | None:
        value = batch.records.column(name)[row].as_py()
        return None if value is None else str(value).replace(identity.NUL, identity.WRITTEN_NUL)

    def _seen(self, kept: Batch, frame: pd.DataFrame) -> pd.DataFrame | History:
        """The records alone, or with the good rows of their past."""
        if kept.past is None:
            return frame
        return kept.past.history(sequences.usable(kept.past.timeline.rows, self.suite, self.key))

    def _judged(
        self, kept: Batch, frame: pd.DataFrame, seen: pd.DataFrame | History
    ) -> tuple[pa.RecordBatch, pa.RecordBatch, pa.RecordBatch | None]:
        """The scores, and of the candidates for a flag the reasons, of images with heat maps."""
        judged = alarms.judge(self.model, self.alarm, seen)
        if self.tally is not None:
            self.tally.add(kept.fingerprint, frame, judged.score)
        reasons, pictures = EMPTY, None
        if judged.candidates.any():
            chosen = kept.keep(judged.candidates)
            found, pictures = self._explained(chosen, seen, judged)
            judged = alarms.weighed(judged, self.precedents, found)
            reasons = self._reasons(chosen, found)
        scores = pa.record_batch({**self._keys(kept), **self._columns(kept, judged)})
        return scores, reasons, pictures

    def _keys(self, records: Batch) -> dict[str, pa.Array]:
        return {name: records.records.column(name) for name in self.key}

    def _columns(self, kept: Batch, judged: Judged) -> dict[str, pa.Array]:
        same = judged.alarm_p_value == judged.p_value
        columns = {
            "event_time": kept.event_time,
            "score": pa.array(judged.score),
            "p_value": pa.array(judged.p_value),
            "extrapolated": pa.array(judged.extrapolated, mask=~judged.extrapolated),
            "alarm_p_value": pa.array(judged.alarm_p_value, mask=same),
            "withheld": pa.array(judged.withheld, pa.string()),
            "alarm_segment": self._segments(kept),
            "fingerprint": pa.array(kept.fingerprint),
        }
        # What is NULL everywhere is not sent at all.
        return {name: one for name, one in columns.items() if one.null_count < len(one)}

    def _segments(self, kept: Batch) -> pa.Array:
        if self.alarm.segments is None:
            return pa.nulls(len(kept), pa.string())
        return kept.records.column(self.alarm.segments.column).cast(pa.string())

    def _explained(
        self, chosen: Batch, seen: pd.DataFrame | History, judged: Judged
    ) -> tuple[explanation.Reasons, pa.RecordBatch | None]:
        """The reasons of the chosen records, which are the candidates; of images heat maps."""
        pipeline, candidates = self.model.features, judged.candidates
        if isinstance(pipeline, SequencePipeline) or pipeline.image is None:
            records = seen.keep(candidates) if isinstance(seen, History) else seen[candidates]
            return explanation.reasons(self.model, records), None
        score, detector = judged.score[candidates], self.model.detector
        found = heat_maps.explain(detector, pipeline, pipeline.image, chosen.frame(), score)
        keys = {name: key.take(found.drawn) for name, key in self._keys(chosen).items()}
        pictures = pa.array(found.pictures, pa.binary())
        return found.reasons, pa.record_batch({**keys, "picture": pictures})

    def _reasons(self, candidates: Batch, found: explanation.Reasons) -> pa.RecordBatch:
        columns = {
            **{name: candidates.records.column(name).take(found.row) for name in self.key},
            "rank": pa.array(found.rank, pa.int32()),
            "feature": pa.array(found.feature, pa.string()),
            "contribution": pa.array(found.contribution),
            "value": pa.array(found.value, pa.string()),
            "expected": pa.array(found.expected, pa.string()),
            "records_back": pa.array(found.records_back, pa.int32()),
            "words": pa.array(found.words, pa.string()),
        }
        return pa.record_batch(columns)

    def _quarantine(self, batch: Batch, failed: pd.DataFrame) -> pa.RecordBatch:
        row = pa.array(failed["row"].to_numpy(dtype=np.int64))
        columns = {
            **{name: key.take(row) for name, key in identity.keys(batch.records, self.key).items()},
            "event_time": batch.event_time.take(row),
            "rule": pa.array(failed["rule"].tolist(), pa.string()),
            "column_name": pa.array(failed["column"].tolist(), pa.string()),
            "value": pa.array(failed["value"].tolist(), pa.string(), from_pandas=True),
            "fingerprint": pa.array(batch.fingerprint).take(row),
        }
        return pa.record_batch(columns)
