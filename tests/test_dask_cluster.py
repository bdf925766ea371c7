"""Clusters of processes: the same bits, whatever happens to the workers."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.testing import assert_array_equal

distributed = pytest.importorskip("distributed")
psutil = pytest.importorskip("psutil")
import dask  # noqa: E402
import dask.array as da  # noqa: E402

from sk_neuron.dask import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV  # noqa: E402
from sk_neuron.dask._scheduler import ClusterScheduler  # noqa: E402

# The workers have one thread for each kernel, here as there; which kernel is all the same.
pytestmark = [
    pytest.mark.any_kernel,
    # nothing that a test starts, or a worker that is killed leaves, is closed by us
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
N_ROWS, LENGTH, N_STEPS = 900, 180, 8


def make_rows():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N_ROWS, 5))
    y = (X @ rng.standard_normal((5, 3)) + rng.standard_normal((N_ROWS, 3))).argmax(axis=1)
    return X, y


def count_children():
    """Return the processes below this one, but for what Python keeps for its pools."""
    children = psutil.Process().children(recursive=True)
    return [c for c in children if "resource_tracker" not in " ".join(c.cmdline())]


@contextmanager
def start_cluster(n_workers):
    with distributed.LocalCluster(
        n_workers=n_workers, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def cluster():
    before = count_children()
    with start_cluster(3) as cluster:
        yield cluster
    _, left = psutil.wait_procs(count_children(), timeout=10)
    assert len(left) <= len(before), left


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def expected():
    X, y = make_rows()
    lazy = da.from_array(X, chunks=(LENGTH, 5))
    return SigmoidNeuronClassifier(max_iter=N_STEPS).fit(lazy, y)


def assert_same_bits(neuron, other):
    for name in ("coef_", "intercept_", "loss_curve_", "learning_rate_curve_"):
        assert_array_equal(getattr(neuron, name), getattr(other, name), err_msg=name)


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def scale(cluster, client, n_workers):
    cluster.scale(n_workers)
    wait_for(lambda: len(client.nthreads()) == n_workers)


def test_a_search_has_the_same_bits(client):
    X, y = make_rows()
    lazy = da.from_array(X, chunks=(300, 5))
    parameters = {"iters": [1, 3, 6, 9], "alphas": [0.0, 0.1], "cv": 3}
    search = SigmoidNeuronClassifierCV(**parameters)
    with dask.config.set(scheduler="threads"), pytest.warns(match="the last one"):
        other = SigmoidNeuronClassifierCV(**parameters).fit(lazy, y, client=None)
    with pytest.warns(match="the last one"):
        search.fit(lazy.persist(), y, client=client)
    assert_array_equal(search.scores_, other.scores_)
    assert_array_equal(search.label_quality_, other.label_quality_)
    assert_same_bits(search, other)


def test_tasks_have_plain_names(client):
    X, y = make_rows()
    SigmoidNeuronClassifier(max_iter=1).fit(da.from_array(X, chunks=(300, 5)), y)
    names = client.run_on_scheduler(lambda dask_scheduler: {*dask_scheduler.task_prefixes})
    assert names >= {"check-rows", "labels-and-weights", "gradient", "sum-of-gradient"}


def kill_workers(monkeypatch, client, calls):
    """Have one worker killed when each of these calls of the scheduler gathers."""
    gather, n_calls, killed = ClusterScheduler._gather, [0], []

    def kill_and_gather(self, futures):
        n_calls[0] += 1
        if n_calls[0] in calls:
            wait_for(lambda: len(client.nthreads()) > 1)
            pids = client.run(os.getpid, on_error="ignore").values()
            killed.append(min(set(pids) - set(killed)))
            os.kill(killed[-1], signal.SIGKILL)
        return gather(self, futures)

    monkeypatch.setattr(ClusterScheduler, "_gather", kill_and_gather)
    return killed


def test_dead_workers_are_survived(client, expected, monkeypatch):
    """Three of them in a fit. What they held is computed again, to the same bits."""
    X, y = make_rows()
    lazy = da.from_array(X, chunks=(LENGTH, 5)).persist()
    killed = kill_workers(monkeypatch, client, {4, 6, 8})
    neuron = SigmoidNeuronClassifier(max_iter=N_STEPS).fit(lazy, y)
    assert len(set(killed)) == 3
    assert_same_bits(neuron, expected)


def test_an_interrupt_keeps_whole_steps_and_stops_the_tasks(client, monkeypatch):
    X, y = make_rows()
    lazy, gather, n_calls = da.from_array(X, chunks=(300, 5)), ClusterScheduler._gather, [0]

    def interrupt(self, futures):
        n_calls[0] += 1
        if n_calls[0] == 6:
            raise KeyboardInterrupt
        return gather(self, futures)

    monkeypatch.setattr(ClusterScheduler, "_gather", interrupt)
    neuron = SigmoidNeuronClassifier()
    with pytest.raises(KeyboardInterrupt, match="interrupted at iteration 3 of 100"):
        neuron.fit(lazy, y)
    shorter = SigmoidNeuronClassifier(max_iter=3).fit(lazy, y)
    assert_same_bits(neuron, shorter)

    def list_tasks(dask_scheduler):
        return [key for key in map(str, dask_scheduler.tasks) if "gradient" in key]

    wait_for(lambda: not client.run_on_scheduler(list_tasks))


def test_a_real_interrupt_ends_a_fit():
    """Ctrl-C in a program of its own; a second one, if the first met code that drops it."""
    code = """
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster
from sk_neuron.dask import SigmoidNeuronClassifier

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 5))
    y = X[:, 0] + rng.standard_normal(300) > 0
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
        with Client(cluster):
            neuron = SigmoidNeuronClassifier(max_iter=10**6, verbose=1)
            try:
                neuron.fit(da.from_array(X, chunks=(100, 5)), y)
            except KeyboardInterrupt as error:
                assert f"interrupted at iteration {neuron.n_iter_} of" in str(error), error
                assert len(neuron.loss_curve_) == neuron.n_iter_ < 10**6
                print("ended")
"""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True
    )
    try:
        assert " step " in process.stdout.readline()
        again = threading.Timer(10, process.send_signal, [signal.SIGINT])
        process.send_signal(signal.SIGINT)
        again.start()
        assert "ended\n" in iter(process.stdout.readline, "")
        again.cancel()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.stdout.close()


def test_an_asynchronous_client_is_refused(cluster):
    X, y = make_rows()
    lazy = da.from_array(X, chunks=(300, 5))

    async def fit():
        async with distributed.Client(
            cluster.scheduler_address, asynchronous=True, set_as_default=False
        ) as client:
            SigmoidNeuronClassifier().fit(lazy, y, client=client)

    with pytest.raises(ValueError, match="The client is asynchronous"):
        asyncio.run(fit())


@pytest.mark.parametrize("n_workers", [3, 2, 1])
def test_the_number_of_workers_and_the_order_of_arrival_do_not_matter(
    n_workers, cluster, client, expected
):
    """Threads of this process are a scheduler, too, and give the same bits."""
    scale(cluster, client, n_workers)
    X, y = make_rows()

    def wait_at_random(block):
        time.sleep(random.random() / 100)
        return block

    lazy = da.from_array(X, chunks=(LENGTH, 5))
    shuffled = lazy.map_blocks(wait_at_random, dtype=float, meta=X[:0])
    lazy = lazy.persist() if n_workers == 2 else shuffled
    neuron = SigmoidNeuronClassifier(max_iter=N_STEPS).fit(lazy, da.from_array(y, 400))
    assert_same_bits(neuron, expected)
    assert_array_equal(neuron.predict(lazy).compute(), expected.predict(X))


def test_scattered_blocks_that_are_lost_end_a_fit(client, cluster):
    """Nobody can compute them again."""
    scale(cluster, client, 1)
    X, y = make_rows()
    parts = map(dask.delayed, client.scatter([X[k : k + 300] for k in (0, 300, 600)]))
    blocks = [da.from_delayed(part, (300, 5), dtype=float) for part in parts]
    lazy = da.concatenate(blocks)
    SigmoidNeuronClassifier(max_iter=2).fit(lazy, y)
    scale(cluster, client, 0)
    with pytest.raises(RuntimeError, match="cannot compute again"):
        SigmoidNeuronClassifier(max_iter=2).fit(lazy, y)


def test_without_workers_a_fit_ends(client, cluster):
    scale(cluster, client, 1)
    X, y = make_rows()
    lazy = da.from_array(X, chunks=(LENGTH, 5))
    neuron = SigmoidNeuronClassifier(max_iter=1).fit(lazy, y)
    before, coef = dict(vars(neuron)), neuron.coef_.copy()
    timer = threading.Timer(0.5, cluster.scale, [0])
    timer.start()
    limit = {"distributed.scheduler.no-workers-timeout": "1s"}
    with dask.config.set(limit), pytest.raises(RuntimeError, match="no workers for 1 s"):
        neuron.set_params(max_iter=10_000).fit(lazy, y)
    timer.join()
    before["max_iter"] = 10_000
    assert vars(neuron) == before
    assert_array_equal(neuron.coef_, coef)


def test_workers_that_go_with_their_results_end_a_fit(client, cluster, monkeypatch):
    """The client would wait forever for results that were there and are lost."""
    scale(cluster, client, 1)
    gather = distributed.Client.gather

    def gather_late(self, futures):
        distributed.wait(futures)
        scale(cluster, client, 0)
        return gather(self, futures)

    monkeypatch.setattr(distributed.Client, "gather", gather_late)
    X, y = make_rows()
    limit = {"distributed.scheduler.no-workers-timeout": "1s"}
    with dask.config.set(limit), pytest.raises(RuntimeError, match="no workers for 1 s"):
        SigmoidNeuronClassifier().fit(da.from_array(X, chunks=(LENGTH, 5)), y)


def end_by_a_block(client, y):
    lazy = da.from_array(make_rows()[0], chunks=(LENGTH, 5))
    lazy = lazy.map_blocks(lambda block: block[0, 5], meta=lazy._meta)
    with pytest.raises(IndexError):
        SigmoidNeuronClassifier().fit(lazy, y)


def end_by_an_interrupt(client, y):
    def interrupt(self, futures):
        raise KeyboardInterrupt

    lazy = da.from_array(make_rows()[0], chunks=(LENGTH, 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClusterScheduler, "_gather", interrupt)
        with pytest.raises(KeyboardInterrupt):
            SigmoidNeuronClassifier().fit(lazy, y)


def end_by_a_lost_block(client, y):
    block = client.scatter(make_rows()[0])
    lazy = da.from_delayed(block, (N_ROWS, 5), float)
    client.cancel([block], force=True)
    with pytest.raises(RuntimeError, match="has lost blocks"):
        SigmoidNeuronClassifier().fit(lazy, y)


@pytest.mark.parametrize("end", [end_by_a_block, end_by_an_interrupt, end_by_a_lost_block])
def test_a_fit_that_ends_early_leaves_the_blocks_of_others_alone(end, cluster, client):
    """Labels that are in the workers are there after it, and no task of its own is."""
    scale(cluster, client, 1)
    y = da.from_array(make_rows()[1], chunks=LENGTH).persist()
    for _ in range(2):
        end(client, y)
        wait_for(lambda: set(client.futures) == set(y.__dask_graph__()))
        assert_array_equal(y.compute(), make_rows()[1])


def test_a_client_that_is_closed_ends_a_fit(cluster, client):
    scale(cluster, client, 1)
    lazy, y = da.from_array(make_rows()[0], chunks=(LENGTH, 5)), make_rows()[1]
    closing = threading.Timer(1, client.close)
    closing.start()
    neuron = SigmoidNeuronClassifier(max_iter=10_000)
    with pytest.raises(RuntimeError, match="closed, or lost its cluster"):
        neuron.fit(lazy, y)
    closing.join()
