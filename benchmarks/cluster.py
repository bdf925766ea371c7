"""What a step costs on a dask cluster of processes of this machine.

    python benchmarks/cluster.py steps      # beside the kernel in memory, on two cores
    python benchmarks/cluster.py messages   # bytes and messages of a step, 1 to 4 workers
    python benchmarks/cluster.py files      # 8 GB of Parquet, workers of 2 GB
    python benchmarks/cluster.py rival      # dask-ml's LogisticRegression

The times of contenders are taken in turns.
"""

import argparse
import os
import re
import tempfile
import threading
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import psutil
from distributed import Client, LocalCluster, wait
from distributed.utils import nbytes
from sklearn.metrics import brier_score_loss

import sk_neuron
import sk_neuron.dask

N_FEATURES = 50


@contextmanager
def start(n_workers, memory_limit="6GB"):
    with (
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            memory_limit=memory_limit,
            dashboard_address=":0",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def make_block(seed, n_rows, n_features=N_FEATURES):
    """Return rows and labels of a linear model with noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, n_features))
    coef = np.random.default_rng(0).standard_normal(n_features) / np.sqrt(n_features)
    return X, (2 * X @ coef + rng.logistic(size=n_rows) > 0).astype(np.int64)


def make_rows(n_rows, n_blocks, n_features=N_FEATURES):
    """Return a lazy X and labels in memory."""
    length, blocks, labels = n_rows // n_blocks, [], []
    for seed in range(n_blocks):
        block = dask.delayed(make_block, pure=True)(seed, length, n_features)[0]
        blocks.append(da.from_delayed(block, (length, n_features), dtype=float))
        labels.append(make_block(seed, length, n_features)[1])
    return da.concatenate(blocks), np.concatenate(labels)


def measure_step(fit, processes, few=5, many=25):
    """Return the seconds of a step, and those of all cores, from two lengths of a fit."""
    spent = []
    for n_steps in (few, many):
        before = read_clocks(processes)
        fit(n_steps)
        spent.append(np.subtract(read_clocks(processes), before))
    return np.subtract(*spent[::-1]) / (many - few)


def read_clocks(processes):
    """Return the time, and the seconds that cores have spent on processes."""
    times = [process.cpu_times() for process in processes]
    return time.perf_counter(), sum(each.user + each.system for each in times)


def measure_steps(n_rows, n_blocks, n_rounds):
    """Compare a step on persisted blocks with one in memory, on as many cores."""
    X, y = make_rows(n_rows, n_blocks)
    length = n_rows // n_blocks
    here = np.concatenate([make_block(seed, length)[0] for seed in range(n_blocks)])
    with start(2) as client:
        lazy = X.persist()
        wait(lazy)
        me = psutil.Process()
        workers = [psutil.Process(pid) for pid in client.run(os.getpid).values()]

        def fit_here(n_steps):
            sk_neuron.SigmoidNeuronClassifier(max_iter=n_steps).fit(here, y)

        def fit_there(n_steps):
            sk_neuron.dask.SigmoidNeuronClassifier(max_iter=n_steps).fit(lazy, y)

        rounds = []
        for _ in range(n_rounds):
            pair = measure_step(fit_here, [me]), measure_step(fit_there, [me, *workers])
            rounds.append(pair)
            print(
                "in memory {:.4f} s a step ({:.4f} s of cores), ".format(*pair[0])
                + "cluster {:.4f} s ({:.4f} s)".format(*pair[1]),
                flush=True,
            )
    rounds = np.array(rounds)
    ratios = np.median(rounds[:, 1] / rounds[:, 0], axis=0)
    fastest = 1e3 * rounds[:, :, 0].min(axis=0)
    print(
        f"{n_rows:,} x {N_FEATURES}, {n_blocks} blocks, 2 workers: a step takes "
        f"{ratios[0]:.2f} times as long as in memory (median), and {ratios[1]:.2f} times "
        f"the time of cores; fastest {fastest[0]:.1f} ms in memory, {fastest[1]:.1f} ms on "
        f"the cluster, {fastest[1] / fastest[0]:.2f} times"
    )


def count_traffic(client):
    """Return the numbers of messages and bytes that workers have sent to each other."""
    logs = client.run(
        lambda dask_worker: [
            (entry["total"], len(entry["keys"]))
            for entry in dask_worker.transfer_outgoing_log
        ]
    )
    entries = [entry for log in logs.values() for entry in log]
    return len(entries), sum(total for total, _ in entries)


def measure_messages(n_rows, n_blocks):
    """Count what goes to the scheduler and between workers in a step."""
    X, y = make_rows(n_rows, n_blocks)
    for n_workers in (1, 2, 3, 4):
        with start(n_workers) as client:
            lazy = X.persist()
            wait(lazy)
            sent, send = [], client._send_to_scheduler

            def record(message, send=send, sent=sent):
                if message["op"] == "update-graph":
                    graph = message["expr_ser"]
                    sent.extend(map(nbytes, [graph.header, *graph.frames]))
                return send(message)

            client._send_to_scheduler = record
            counts = []
            for n_steps in (5, 25):
                before = *read_clocks([psutil.Process()]), *count_traffic(client)
                sent.clear()
                sk_neuron.dask.SigmoidNeuronClassifier(max_iter=n_steps).fit(lazy, y)
                after = *read_clocks([psutil.Process()]), *count_traffic(client)
                counts.append([sum(sent), *np.subtract(after, before)])
            to_scheduler, seconds, cores, messages, between = (
                np.subtract(counts[1], counts[0]) / 20
            )
            print(
                f"{n_workers} workers, {n_blocks} blocks: a step takes {1e3 * seconds:.1f} "
                f"ms, the client and the scheduler work {1e3 * cores:.1f} ms; "
                f"{to_scheduler:.0f} bytes to the scheduler, {messages:.1f} messages of "
                f"{between:.0f} bytes in all from workers",
                flush=True,
            )


def read_memory(pid):
    """Return the memory of a process in bytes: all, and without pages of files."""
    status = Path(f"/proc/{pid}/status").read_text()
    return [
        1024 * int(re.search(rf"{name}:\s+(\d+) kB", status)[1])
        for name in ("VmRSS", "RssAnon")
    ]


class MemoryWatch(threading.Thread):
    """Notes the peak memory of processes, ten times a second."""

    def __init__(self, pids):
        super().__init__(daemon=True)
        self.peaks = {pid: [0, 0] for pid in pids}
        self.is_over = False

    def run(self):
        while not self.is_over:
            for pid, peak in self.peaks.items():
                try:
                    self.peaks[pid] = list(map(max, peak, read_memory(pid)))
                except FileNotFoundError:  # a worker that was restarted
                    self.peaks[pid] = [np.inf, np.inf]
            time.sleep(0.1)


def measure_files(folder, n_files, rows_per_file, n_steps):
    """Fit files that are larger than the memory of the workers together."""
    names = [f"x{k}" for k in range(N_FEATURES)]
    for number in range(n_files):
        X, y = make_block(number, rows_per_file)
        frame = pd.DataFrame(X, columns=names).assign(y=y)
        path = Path(folder, f"{number:03}.parquet")
        frame.to_parquet(path, compression=None, use_dictionary=False)
    size = sum(path.stat().st_size for path in Path(folder).glob("*.parquet"))
    n_bytes = n_files * rows_per_file * N_FEATURES * 8
    print(f"{n_bytes / 1e9:.2f} GB of float64 in {n_files} files of {size / 1e9:.2f} GB")
    with start(2, "2GB") as client:
        pids = list(client.run(os.getpid).values())
        watch = MemoryWatch([os.getpid(), *pids])
        watch.start()
        frame = dd.read_parquet(folder, columns=[*names, "y"])

        def read():
            begin = time.perf_counter()
            frame[names].map_partitions(len, meta=(None, int)).compute()
            return time.perf_counter() - begin

        reads = [read()]
        neuron = sk_neuron.dask.SigmoidNeuronClassifier(max_iter=n_steps, verbose=1)
        begin = time.perf_counter()
        neuron.fit(frame[names], frame["y"])
        seconds = time.perf_counter() - begin
        reads.append(read())
        watch.is_over = True
        watch.join()
        assert list(client.run(os.getpid).values()) == pids, "a worker was restarted"
    print(
        f"{neuron.n_iter_} steps in {seconds:.0f} s, {seconds / (n_steps + 2):.2f} s for "
        f"each of {n_steps + 2} passes; reading the files only took {reads[0]:.2f} and "
        f"{reads[1]:.2f} s; loss {neuron.loss_curve_[-1]:.4f}"
    )
    names = "client and scheduler", "worker", "worker"
    for name, (rss, own) in zip(names, watch.peaks.values(), strict=True):
        print(f"{name}: peak {rss / 1e9:.2f} GB, {own / 1e9:.2f} GB of its own")


def measure_rival(n_rows, n_blocks):
    """Time fits to the Brier score that dask-ml reaches, and to 1 % above the best."""
    from dask_ml.linear_model import LogisticRegression

    X, y = make_rows(n_rows, n_blocks)
    X_test, y_test = make_block(10**6, 10**5)
    with start(2):
        lazy = X.persist()
        lazy_y = da.from_array(y, chunks=(n_rows // n_blocks,)).persist()
        wait([lazy, lazy_y])
        results = {}

        def measure(name, model, answer):
            begin = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(lazy, lazy_y)
                seconds = time.perf_counter() - begin
                p = answer(model)
            score = brier_score_loss(y_test, p)
            results[name] = seconds, score
            print(f"{name:50} {seconds:8.2f} s, Brier score {score:.5f}", flush=True)

        for solver in ("lbfgs", "admm", "newton", "gradient_descent", "proximal_grad"):
            for max_iter in (2, 5, 10, 30):
                model = LogisticRegression(
                    solver=solver, max_iter=max_iter, C=1e6, tol=1e-8
                )
                name = f"dask-ml, {solver}, max_iter={max_iter}"
                try:
                    measure(name, model, lambda m: m.predict_proba(X_test)[:, 1])
                except Exception as error:
                    print(f"{name:50} raised {error!r}", flush=True)
        for n_steps in (3, 5, 8, 12, 20, 30):
            measure(
                f"sk-neuron, max_iter={n_steps}",
                sk_neuron.dask.SigmoidNeuronClassifier(max_iter=n_steps),
                lambda m: m.predict_proba(X_test)[:, 1],
            )
        best = min(score for _, score in results.values())
        for package in ("dask-ml", "sk-neuron"):
            for margin in (0.05, 0.01, 0.001):
                times = [
                    (seconds, name)
                    for name, (seconds, score) in results.items()
                    if name.startswith(package) and score <= best * (1 + margin)
                ]
                print(f"{package} to {best:.5f} + {margin:.1%}:", min(times, default="no"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("steps", "messages", "files", "rival"))
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--blocks", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=80)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--folder", help="of the files, which are deleted at the end")
    given = parser.parse_args()
    if given.what == "steps":
        measure_steps(given.rows, given.blocks, given.rounds)
    elif given.what == "messages":
        measure_messages(given.rows, given.blocks)
    elif given.what == "rival":
        measure_rival(given.rows, given.blocks)
    else:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            measure_files(folder, given.files, 250_000, given.steps)


if __name__ == "__main__":
    main()
