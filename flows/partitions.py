"""The partitions of a night, wherever they are worked on: here, in processes, or on a cluster."""

from contextlib import AbstractContextManager
from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.clusters import cluster
from flows.workplaces import read_secret
from nightflag.models import Entry, Model
from nightflag.monitors import Execution
from nightflag.partitions import ordered
from nightflag.runs import Run
from nightflag.scoring import Partition
from nightflag.workplace import Workplace
from tasks import fill_order, fill_order_apart, score_night


def scored(workplace: Workplace, night: Run, entry: Entry, model: Model) -> list[Partition]:
    """What the night's partitions came to, once all of them are staged.

    The error of one is the night's; those that are being worked on are waited for, no others begun.
    """
    execution = workplace.monitor.execution
    if execution.engine == "process":
        return [score_night(workplace, night, model)]
    work = fill_order if execution.address else fill_order_apart
    with ordered(workplace, night, entry) as orders, _workers(execution) as workers:
        given = ({"order": order, "read_secret": read_secret} for order in orders)
        futures = [workers.submit(work, one) for one in given]
        return [future.result() for future in futures]


def _workers(execution: Execution) -> AbstractContextManager[TaskRunner[Any]]:
    if execution.address:
        return cluster(execution.address)
    return ThreadPoolTaskRunner(max_workers=execution.workers)
