"""The steps of the benchmark, each run in a process of its own; prints its figures as JSON."""

from time import perf_counter, process_time

STARTED = perf_counter() - process_time()  # about when the interpreter came up

import json  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from datetime import UTC, datetime, timedelta  # noqa: E402
from pathlib import Path  # noqa: E402

FEATURES = [f"x{number:02}" for number in range(32)]
TONIGHT = datetime(2026, 1, 2, tzinfo=UTC)
AS_OF = TONIGHT + timedelta(days=1)
HISTORY = 60_000
URL = os.environ["NIGHTFLAG_DATABASE_URL"]
RESULT = "id bigint primary key, event_time timestamptz, score float8, p_value float8, flag boolean"


def fill(records: int) -> dict[str, float]:
    """The table: some history to train on, and ``records`` of tonight."""
    import adbc_driver_postgresql.dbapi as adbc
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(0)
    with adbc.connect(URL) as connection, connection.cursor() as cursor:
        cursor.execute("drop table if exists readings")
        for start in range(0, HISTORY + records, 100_000):
            count = min(100_000, HISTORY + records - start)
            number = np.arange(start, start + count)
            second = np.where(
                number < HISTORY,
                -86_400 + number * 86_400 // HISTORY,
                (number - HISTORY) * 86_400 // records,
            )
            columns = {
                "id": pa.array(number),
                "recorded_at": pa.array(
                    second * 1_000_000 + int(TONIGHT.timestamp()) * 1_000_000,
                    pa.timestamp("us", "UTC"),
                ),
                **{name: pa.array(random.normal(size=count)) for name in FEATURES},
            }
            cursor.adbc_ingest("readings", pa.record_batch(columns), mode="create_append")
        cursor.execute("alter table readings add primary key (id)")
        cursor.execute("create index on readings (recorded_at)")
        connection.commit()
    _psql("vacuum analyze readings")
    _forget_the_night()
    return {}


def train(records: int) -> dict[str, float]:
    """The model, in the registry of a first night that then is forgotten."""
    from flows.workplaces import at_work_on
    from nightflag.training import train as train_model

    with at_work_on("bench") as workplace:
        workplace.prepare()
        train_model(workplace, as_of=AS_OF, before=TONIGHT, reason="benchmark")
    return {}


def floor(records: int) -> dict[str, float]:
    """COPY tonight's columns out to nowhere, and as many result rows in."""
    import psycopg

    tonight = f"select id, recorded_at, {', '.join(FEATURES)} from readings where id >= {HISTORY}"
    rows = f"select id, recorded_at, x00, x01, x02 < 0 from readings where id >= {HISTORY}"
    _psql("drop table if exists floor_results")
    _psql(f"create table floor_results ({RESULT})")
    with psycopg.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        with cursor.copy(f"copy ({rows}) to stdout (format binary)") as copy:
            results = [bytes(block) for block in copy]
        with timed() as seconds:
            with cursor.copy(f"copy ({tonight}) to stdout (format binary)") as copy:
                for _ in copy:
                    pass
            with cursor.copy("copy floor_results from stdin (format binary)") as copy:
                for block in results:
                    copy.write(block)
    return {"seconds": seconds()}


def pandas(records: int) -> dict[str, float]:
    """What people write first: read_sql, predict, to_sql; the model is loaded before."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import numpy as np
    import pandas as pd
    from sqlalchemy import create_engine

    network = Path(os.environ["NIGHTFLAG_HOME"]) / "models" / "bench" / "1" / "model.keras"
    model = keras.models.load_model(network)
    engine = create_engine(URL.replace("postgresql:", "postgresql+psycopg:"))
    query = f"select * from readings where recorded_at >= '{TONIGHT}' and recorded_at < '{AS_OF}'"
    with timed() as seconds:
        frame = pd.read_sql(query, engine)
        x = frame[FEATURES].to_numpy(np.float32)
        score = model.predict((x - x.mean(0)) / x.std(0), batch_size=4096, verbose=0)["score"]
        result = frame[["id", "recorded_at"]].assign(score=score.ravel(), flag=score.ravel() > 100)
        result.to_sql("pandas_results", engine, if_exists="replace", index=False)
    return {"seconds": seconds(), "peak_mb": peak_mb()}


def night(records: int) -> dict[str, object]:
    """Our night, from opening the run to its publication."""
    from flows.workplaces import at_work_on
    from nightflag import nights, scoring

    _forget_the_night()
    import great_expectations  # noqa: F401 - process start, not the night

    with at_work_on("bench") as workplace, nights.only_run(workplace) as lock:
        with timed() as opening:
            run = nights.open_night(workplace, AS_OF)
            warnings = nights.check_tonight(workplace, run)
            entry, model = nights.load_champion(workplace)
        with timed() as scored:
            partition = scoring.score(workplace, run, model)
        with timed() as published:
            done = nights.publish(workplace, run, entry, [partition], warnings=warnings, lock=lock)
    stages = {
        "open, check, load": opening(),
        "pull, validate, score, stage": scored(),
        "publish": published(),
    }
    if done.records_scored is None or done.records_scored + done.records_quarantined != records:
        raise SystemExit(f"the night is not whole: {done}")
    return {"seconds": sum(stages.values()), "peak_mb": peak_mb(), "stages": stages}


def nothing(records: int) -> dict[str, float]:
    """A night after the last one, in which nothing is new but the look-back is compared."""
    from flows.workplaces import at_work_on
    from nightflag import nights, scoring
    from nightflag.failpoints import listeners

    first: list[float] = []
    import great_expectations  # noqa: F401 - process start, not the night

    listeners.append(lambda place: first.append(perf_counter()) if "pulled" in place else None)
    with at_work_on("bench") as workplace, nights.only_run(workplace) as lock, timed() as seconds:
        run = nights.open_night(workplace, AS_OF + timedelta(days=1))
        entry, model = nights.load_champion(workplace)
        partition = scoring.score(workplace, run, model)
        nights.publish(workplace, run, entry, [partition], warnings=(), lock=lock)
    return {"seconds": seconds(), "first_record": first[0] - STARTED}


@contextmanager
def timed():
    """A function that gives the seconds the block took."""
    spent: list[float] = []
    start = perf_counter()
    yield lambda: spent[0]
    spent.append(perf_counter() - start)


def peak_mb() -> int:
    """The most memory this process had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _psql(statement: str) -> None:
    import psycopg

    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute(statement)


def _forget_the_night() -> None:
    """Everything but the model, so that the same night can be measured again."""
    tables = "scores reasons quarantine staged_scores staged_reasons staged_quarantine staged_gone"
    names = [f"nightflag.bench_{name}" for name in tables.split()]
    names += ["nightflag.nightflag_runs", "nightflag.nightflag_watermarks"]
    for name in names:
        _psql(
            f"do $$ begin if to_regclass('{name}') is not null then truncate {name}; end if; end $$"
        )


if __name__ == "__main__":
    step = {"fill": fill, "train": train, "floor": floor, "pandas": pandas}
    step |= {"night": night, "nothing": nothing}
    print(json.dumps(step[sys.argv[1]](int(sys.argv[2]))))
