"""Every step with its Prefect policy: what is retried, how often, and that nothing is cached.

The steps themselves live in :mod:`nightflag` and know nothing of Prefect.
"""

from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from nightflag import (
    digests,
    evaluation,
    housekeeping,
    metrics,
    nights,
    partitions,
    reflagging,
    reporting,
    scoring,
    tidying,
    training,
)
from nightflag.errors import DatabaseUnreachable, MonitorBusy, StorageUnreachable, WorkersLost

PATIENT_SECONDS = [5, 30, 120]
PARTITION = "pull, validate, score, stage a partition"


def passes_by_itself(_task: Any, _run: TaskRun, state: State[Any]) -> bool:
    """Whether waiting mends it: a place that does not answer, a held lock, a killed process."""
    passing = (DatabaseUnreachable, MonitorBusy, StorageUnreachable, WorkersLost)
    return isinstance(state.result(raise_on_failure=False), passing)


POLICY: dict[str, Any] = {
    "cache_policy": NO_CACHE,
    "persist_result": False,
    "retries": len(PATIENT_SECONDS),
    "retry_delay_seconds": PATIENT_SECONDS,
    "retry_condition_fn": passes_by_itself,
}
"""No tags: of each run that bears some, the server is asked whether they limit it. One that keeps
its own data in SQLite often has to be asked again two seconds later."""

open_night = Task(nights.open_night, name="open night", **POLICY)
check_tonight = Task(nights.check_tonight, name="check table expectations", **POLICY)
train_model = Task(training.train, name="train model", **POLICY)
load_champion = Task(nights.load_champion, name="load champion", **POLICY)
score_night = Task(scoring.score, name="pull, validate, score, stage", **POLICY)
fill_order = Task(partitions.fill, name=PARTITION, task_run_name="{order}", **POLICY)
fill_order_apart = Task(partitions.fill_apart, name=PARTITION, task_run_name="{order}", **POLICY)
publish_night = Task(nights.publish, name="publish", **POLICY)
decide_anew = Task(reflagging.anew, name="decide flags anew", **POLICY)
evaluate_night = Task(evaluation.evaluate, name="evaluate", **POLICY)
tidy_up = Task(tidying.tidy, name="tidy up", cache_policy=NO_CACHE, persist_result=False)
write_metrics = Task(
    metrics.write, name="write metrics", cache_policy=NO_CACHE, persist_result=False
)
write_report = Task(
    reporting.write, name="write report", cache_policy=NO_CACHE, persist_result=False
)
send_digests = Task(digests.send, name="send digests", cache_policy=NO_CACHE, persist_result=False)
clean_up = Task(housekeeping.clean, name="clean up", **POLICY)
