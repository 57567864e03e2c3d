"""What a model's flags do not say."""

from nightflag.models import Entry
from nightflag.monitors import Monitor

TAKEN_AS = {
    "clean": "Its training records were taken as free of anomalies: one among them is normal to it",
    "unlabelled": "Its training records hold anomalies: one that is frequent is normal to it",
}


def limits(model: Entry, monitor: Monitor, *, drifted: int, is_measured: bool) -> tuple[str, ...]:
    """The limits of the model, one in a sentence; ``drifted`` columns have moved since training.

    Flags are measured where labels or verdicts say which are right.
    """
    records, sequence = model.training.calibration_records, monitor.sequence
    moved = f" ({drifted} tonight)" if drifted else ""
    return (
        "A flag says that a record is unusual, not that it is wrong.",
        f"The alarm rate holds for records like the {records:,} of the calibration, not for "
        f"columns that have drifted{moved}.",
        f"P-values below {1 / (records + 1):.2g} are estimates.",
        f"{TAKEN_AS[monitor.training_rows]}.",
        *([] if is_measured else ["No label or verdict says how many of its flags are right."]),
        *(
            [f"An entity with fewer than {sequence.learning} earlier records is never flagged."]
            if sequence and sequence.learning
            else []
        ),
    )
