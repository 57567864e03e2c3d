"""The steps of the benchmark, each run in a process of its own; prints its figures as JSON."""

from time import perf_counter, process_time

STARTED = perf_counter() - process_time()  # about when the interpreter came up

import json  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from datetime import timedelta  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import servers  # noqa: E402
import tables  # noqa: E402
from tables import AS_OF, FEATURES, HISTORY, TONIGHT  # noqa: E402

Step = dict[str, Any]
URL = os.environ["NIGHTFLAG_DATABASE_URL"]


def fill(table: str, records: int) -> Step:
    """The table: some history to train on, and ``records`` of tonight."""
    servers.of(URL).fill(table, tables.batches(table, records))
    forget_the_night(table)
    return {}


def train(monitor: str, records: int) -> Step:
    """The first model, trained on the history before tonight."""
    return {"seconds": _trained(monitor, AS_OF, TONIGHT)}


def retrain(monitor: str, records: int) -> Step:
    """A model trained on all there is, tonight's records too."""
    return {"seconds": _trained(monitor, AS_OF + timedelta(days=1), AS_OF), "peak_mb": peak_mb()}


def _trained(monitor: str, as_of: Any, before: Any) -> float:
    from flows.workplaces import at_work_on
    from nightflag import training

    with at_work_on(monitor) as workplace, timed() as seconds:
        workplace.prepare()
        training.train(workplace, as_of=as_of, before=before, reason="benchmark")
    return seconds()


def floor(table: str, records: int) -> Step:
    """What reading tonight's columns to nowhere takes, and writing as many result rows."""
    with servers.of(URL).floor(table) as work, timed() as seconds:
        moved = work()
    return {"seconds": seconds(), "bytes": moved}


def reading(table: str, records: int) -> Step:
    """What ADBC takes to read tonight's columns, and how much of it is work of its own."""
    from importlib.metadata import version

    with servers.of(URL).reading(table) as work, timed() as seconds:
        before = process_time()
        work()
        busy = process_time() - before
    name = "adbc-driver-postgresql"
    return {"seconds": seconds(), "busy": busy, "driver": f"{name} {version(name)}"}


def pandas(table: str, records: int) -> Step:
    """What people write first: read_sql, predict, to_sql; the model is loaded before."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import numpy as np
    import pandas as pd
    from sqlalchemy import create_engine

    network = Path(os.environ["NIGHTFLAG_HOME"]) / "models" / table / "1" / "model.keras"
    model = keras.models.load_model(network)
    engine = create_engine(URL.replace("postgresql:", "postgresql+psycopg:"))
    query = f"select * from {table} where recorded_at >= '{TONIGHT}' and recorded_at < '{AS_OF}'"
    with timed() as seconds:
        frame = pd.read_sql(query, engine)
        x = frame[list(FEATURES[table])].to_numpy(np.float32)
        score = model.predict((x - x.mean(0)) / x.std(0), batch_size=4096, verbose=0)["score"]
        result = frame[["id", "recorded_at"]].assign(score=score.ravel(), flag=score.ravel() > 100)
        result.to_sql("pandas_results", engine, if_exists="replace", index=False)
    return {"seconds": seconds(), "peak_mb": peak_mb()}


def night(monitor: str, records: int) -> Step:
    """Our night, from opening the run to its publication."""
    from flows.workplaces import at_work_on
    from nightflag import nights

    forget_the_night(monitor)
    import great_expectations  # noqa: F401 - process start, not the night

    with at_work_on(monitor) as workplace, nights.only_run(workplace) as lock:
        with timed() as opening:
            run = nights.open_night(workplace, AS_OF)
            findings = nights.check_tonight(workplace, run)
            entry, model = nights.load_champion(workplace)
        with timed() as scored:
            partitions = _scored(workplace, run, entry, model)
        with timed() as published:
            done = nights.publish(
                workplace, run, entry, partitions, warnings=(), lock=lock, findings=findings
            )
    stages = {
        "open, check, load": opening(),
        "pull, validate, score, stage": scored(),
        "publish": published(),
    }
    if done.records_scored is None or done.records_scored + done.records_quarantined != records:
        raise SystemExit(f"the night is not whole: {done}")
    return {"seconds": sum(stages.values()), "peak_mb": peak_mb(), "stages": stages}


def _scored(workplace: Any, run: Any, entry: Any, model: Any) -> list[Any]:
    """What the night's partitions came to, as its monitor says; without Prefect's tasks."""
    from concurrent.futures import ThreadPoolExecutor

    from nightflag import partitions, scoring

    execution = workplace.monitor.execution
    if execution.engine == "process":
        return [scoring.score(workplace, run, model)]
    with (
        partitions.ordered(workplace, run, entry) as orders,
        ThreadPoolExecutor(execution.workers) as threads,
    ):
        return list(threads.map(lambda order: partitions.fill_apart(order, no_secret), orders))


def no_secret(name: str) -> str:
    """Nothing: the benchmark's monitors name none."""
    raise LookupError(name)


def nothing(monitor: str, records: int) -> Step:
    """The command line's night with nothing new, and where its seconds go, process start included.

    It is the night after the last; the look-back is compared, and none of it has changed.
    """
    stages: dict[str, float] = {}

    def listen(place: object) -> None:
        if name := PLACES.get(str(place)):
            stages.setdefault(name, perf_counter() - STARTED)

    from nightflag import failpoints
    from nightflag.cli import main

    stages["import the command line"] = perf_counter() - STARTED
    failpoints.listeners.append(listen)
    tomorrow = (AS_OF + timedelta(days=1)).isoformat()
    sys.argv[1:] = ["run", monitor, "--as-of", tomorrow, "--quiet"]
    with _only_on_failure() as said:
        code = main()
    if code:
        raise SystemExit(said())
    stages["evaluate, report, artifacts"] = perf_counter() - STARTED
    return {"seconds": perf_counter() - STARTED, "stages": _apart(stages)}


PLACES = {
    "locked": "import libraries, meet the server, lock",
    "opened": "open",
    "loaded": "load the model",
    "staged": "compare the look-back",
    "published": "publish",
}


def _apart(stages: dict[str, float]) -> dict[str, float]:
    """How long each stage took, from when each ended."""
    ends = [*stages.items()]
    starts = [0.0, *(end for _, end in ends)]
    return {name: end - start for (name, end), start in zip(ends, starts, strict=False)}


@contextmanager
def _only_on_failure() -> Iterator[Callable[[], str]]:
    """What is said inside, kept from stdout, which is for the figures."""
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        yield said.getvalue


def peers(monitor: str, records: int) -> Step:
    """Seconds to score tonight's records that lie in memory: ours, and PyOD's if it is there."""
    import numpy as np
    import pandas as pd

    from flows.workplaces import at_work_on
    from nightflag import nights

    drawn = pd.concat(
        [one.to_pandas() for one in tables.batches(monitor, records)], ignore_index=True
    )
    rows, names = drawn.iloc[HISTORY:], list(FEATURES[monitor])
    with at_work_on(monitor) as workplace:
        _, model = nights.load_champion(workplace)
    seconds = {"our network": _seconds(lambda: model.score(rows))}
    past, x = (part[names].to_numpy(np.float32) for part in (drawn.iloc[:HISTORY], rows))
    for name, peer in _of_pyod():
        peer.fit(past)
        seconds[name] = _seconds(lambda peer=peer: peer.decision_function(x))
    return {"stages": seconds}


def _of_pyod() -> Iterator[tuple[str, Any]]:
    """PyOD's detectors with their defaults; none where the group ``peers`` is not installed."""
    try:
        from pyod.models.auto_encoder import AutoEncoder
        from pyod.models.ecod import ECOD
        from pyod.models.iforest import IForest
    except ImportError:
        return
    yield "PyOD's IForest", IForest(random_state=0)
    yield "PyOD's ECOD", ECOD()
    yield "PyOD's AutoEncoder", AutoEncoder(random_state=0, verbose=0)


def _seconds(work: Callable[[], object]) -> float:
    with timed() as seconds:
        work()
    return seconds()


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """A function that gives the seconds the block took."""
    spent: list[float] = []
    start = perf_counter()
    yield lambda: spent[0]
    spent.append(perf_counter() - start)


def peak_mb() -> int:
    """The most memory this process had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def forget_the_night(monitor: str) -> None:
    """Everything but the model, so that the same night can be measured again."""
    kinds = "scores reasons quarantine staged_scores staged_reasons staged_quarantine staged_gone"
    names = [f"{monitor}_{kind}" for kind in kinds.split()]
    servers.of(URL).empty([*names, "nightflag_runs", "nightflag_watermarks"])


STEPS = (fill, train, retrain, floor, reading, pandas, night, nothing, peers)

if __name__ == "__main__":
    step = next(one for one in STEPS if one.__name__ == sys.argv[1])
    name, count = sys.argv[2], int(sys.argv[3])
    print(json.dumps(step(name, count)))
