"""A night's partitions worked on in several processes come to what one process makes of them."""

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import active_children

import psycopg
import pytest
from distributed import Client, LocalCluster

from nightflag.errors import DatabaseUnreachable, ModelFileError, SettingsError, WorkersLost
from nightflag.partitions import fill, fill_apart, ordered, refuse_unshared
from tests.integration.machines import machines
from tests.integration.second_night import second_night, told
from tests.reliability.watch import new_database

PROCESSES = {"engine": "processes", "workers": 2, "partitions": 3}
WAITING = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'
"""


@pytest.fixture(scope="module")
def second(postgresql_server, tmp_path_factory):
    """A night on PostgreSQL that is ready to be scored, named by this process's environment."""
    folder, url = tmp_path_factory.mktemp("second"), new_database(postgresql_server)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NIGHTFLAG_HOME", str(folder))
        environment.setenv("RECORDS", url)
        with second_night(url, folder) as night:
            yield night


def read_no_secret(name):
    raise ValueError(f"no secret {name}")


@contextmanager
def begun(orders):
    """The futures of all orders, two of them worked on at the same time."""
    with ThreadPoolExecutor(2) as threads:
        yield [threads.submit(fill_apart, order, read_no_secret) for order in orders]


def filled(orders):
    with begun(orders) as futures:
        return [future.result() for future in futures]


def connected(second, **how):
    url = second.workplace.source.url.set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), **how)


def wait_until(holds):
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_processes_stage_what_one_process_does(second):
    with ordered(second.executed(**PROCESSES), second.night, second.entry) as orders:
        partitions = filled(orders)
    assert len(partitions) == 3
    assert second.staged() == second.rows
    assert told(partitions) == second.findings


def test_every_partition_sees_the_source_as_it_was_when_the_first_was_ordered(second):
    orders_of = ordered(second.executed(**PROCESSES), second.night, second.entry)
    with connected(second) as other, orders_of as orders:
        other.execute("create temporary table kept as table readings")
        other.execute("update readings set value = 1000")
        other.execute("delete from readings where reading_id % 2 = 0")
        other.commit()
        partitions = filled(orders)
        other.execute("delete from readings")
        other.execute("insert into readings select * from kept")
    assert second.staged() == second.rows
    assert told(partitions) == second.findings


def test_a_process_that_is_killed_costs_its_partition_and_no_other(second):
    workplace = second.executed(**PROCESSES)
    with (
        connected(second) as other,
        connected(second, autocommit=True) as watching,
        ordered(workplace, second.night, second.entry) as orders,
        begun(orders) as futures,
    ):
        other.execute("lock table readings in access exclusive mode")
        wait_until(lambda: watching.execute(WAITING).fetchone() == (2,))
        os.kill(active_children()[0].pid, signal.SIGKILL)
        wait_until(lambda: any(future.done() for future in futures))
        other.rollback()
        [lost] = [at for at, future in enumerate(futures) if future.exception()]
        with pytest.raises(WorkersLost, match=f"partition {lost + 1} of 3.* ended before"):
            futures[lost].result()
        again = fill_apart(orders[lost], read_no_secret)
    partitions = [future.result() for at, future in enumerate(futures) if at != lost]
    assert second.staged() == second.rows
    assert told([again, *partitions]) == second.findings


def test_a_dask_cluster_of_two_processes_stages_what_one_does(second):
    """What is sent and comes back travels; the flow itself is tried in tests/flows."""
    workplace = second.executed(**PROCESSES)
    with (
        ordered(workplace, second.night, second.entry) as orders,
        LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        futures = [client.submit(fill, order, read_no_secret, pure=False) for order in orders]
        partitions = client.gather(futures)
    assert second.staged() == second.rows
    assert told(partitions) == second.findings


def test_the_error_of_a_partition_names_it_and_the_machine(second):
    workplace = second.executed(**PROCESSES)
    with ordered(workplace, second.night, second.entry) as orders:
        wrong = replace(orders[1], model_version=7)
        here = rf"Partition 2 of 3, 2026-03-06 .* on {socket.gethostname()}: machines has no model"
        with pytest.raises(ModelFileError, match=here):
            fill_apart(wrong, read_no_secret)


def test_a_worker_whose_monitor_says_something_else_is_refused(second):
    workplace = second.executed(**PROCESSES)
    with ordered(workplace, second.night, second.entry) as orders:
        second.executed(**PROCESSES, batch_size=51)
        with pytest.raises(SettingsError, match="says something else here"):
            fill(orders[0], read_no_secret)


def test_an_order_holds_no_credentials(second):
    workplace = second.executed(**PROCESSES)
    with ordered(workplace, second.night, second.entry) as orders:
        told = repr(orders)
    assert "://" not in told
    assert str(second.workplace.source.url.database) not in told


def test_a_snapshot_that_is_gone_is_trouble_that_passes(second):
    with ordered(second.executed(**PROCESSES), second.night, second.entry) as orders:
        pass
    with pytest.raises(DatabaseUnreachable, match="snapshot is gone"):
        fill(orders[0], read_no_secret)


def test_sqlite_is_refused_because_its_readers_share_no_snapshot(sqlite_url, tmp_path):
    with (
        machines(sqlite_url, tmp_path, execution=PROCESSES) as watched,
        pytest.raises(SettingsError, match="cannot share the source in sqlite"),
    ):
        refuse_unshared(watched.workplace)
