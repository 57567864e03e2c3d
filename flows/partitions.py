"""The partitions of a night, wherever they are worked on: here or in processes."""

from prefect.task_runners import ThreadPoolTaskRunner

from flows.workplaces import read_secret
from nightflag.models import Entry, Model
from nightflag.partitions import ordered
from nightflag.runs import Run
from nightflag.scoring import Partition
from nightflag.workplace import Workplace
from tasks import fill_order_apart, score_night


def scored(workplace: Workplace, night: Run, entry: Entry, model: Model) -> list[Partition]:
    """What the night's partitions came to, once all of them are staged.

    The error of one is the night's; those that are being worked on are waited for, no others begun.
    """
    execution = workplace.monitor.execution
    if execution.engine == "process":
        return [score_night(workplace, night, model)]
    with (
        ordered(workplace, night, entry) as orders,
        ThreadPoolTaskRunner(max_workers=execution.workers) as workers,
    ):
        given = ({"order": order, "read_secret": read_secret} for order in orders)
        futures = [workers.submit(fill_order_apart, one) for one in given]
        return [future.result() for future in futures]
