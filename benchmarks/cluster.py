"""What a step costs on a dask cluster of processes of this machine.

    python benchmarks/cluster.py                  # what docs/scale.md shows
    python benchmarks/cluster.py --run steps      # beside the kernel in memory
    python benchmarks/cluster.py --run messages   # what is sent, 1 to 4 workers
    python benchmarks/cluster.py --run files      # 8 GB of Parquet, workers of 2 GB
    python benchmarks/cluster.py --run rival      # dask-ml's LogisticRegression

The times of contenders are taken in turns.
"""

import argparse
import csv
import os
import re
import tempfile
import threading
import time
import warnings
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pages
import pandas as pd
import psutil
from distributed import Client, LocalCluster, wait
from distributed.utils import nbytes
from report import read
from sklearn.metrics import brier_score_loss
from speed_page import print_table, show_seconds

import sk_neuron
import sk_neuron.dask

RESULTS = Path(__file__).parent / "results" / "cluster.csv"
COLUMNS = ["what", "case", "measure", "value", "date", "cores", "dask", "sk-neuron"]
N_FEATURES = 50
# Seconds of a step or of a pass; bytes; numbers of messages.
STEP, READ, CLIENT = "a step (s)", "reading the files (s)", "client and scheduler (s)"
TO_SCHEDULER, SENT = "bytes to the scheduler", "bytes from workers"
MESSAGES = "messages from workers"
IN_MEMORY, ON_CLUSTER = "in memory", "on the cluster"
KINDS = "times", "times of cores"
# In the model: bytes of X on a machine, bytes that it reads in a second, and the features.
SIZE_OF_BLOCK, READ_SPEED, MANY_FEATURES = 20e9, 20e9, 500
BYTES_OF_ROW = 90  # of the client's memory, at its peak
# A rival reaches a score if it is at most this much above the best of all.
MARGINS = 0.05, 0.01, 0.001


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
    case = f"{n_rows:,} x {N_FEATURES}, {n_blocks} blocks, 2 workers"
    for place, seconds in zip((IN_MEMORY, ON_CLUSTER), rounds[:, :, 0].T, strict=True):
        yield case, f"{place}, {STEP}", np.median(seconds)
    ratios = np.median(rounds[:, 1] / rounds[:, 0], axis=0)
    yield from ((case, f"ratio of {k}", r) for k, r in zip(KINDS, ratios, strict=True))


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
            case = f"{n_workers} worker{'s' * (n_workers > 1)}, {n_blocks} blocks"
            yield case, STEP, seconds
            yield case, CLIENT, cores
            yield case, TO_SCHEDULER, to_scheduler
            yield case, MESSAGES, messages
            yield case, SENT, between


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
    case = f"{n_bytes / 1e9:.2f} GB of float64 in {n_files} files"
    yield case, "bytes of the files", size
    with start(2, "2GB") as client:
        pids = list(client.run(os.getpid).values())
        watch = MemoryWatch([os.getpid(), *pids])
        watch.start()
        frame = dd.read_parquet(folder, columns=[*names, "y"])

        def time_reading():
            begin = time.perf_counter()
            frame[names].map_partitions(len, meta=(None, int)).compute()
            return time.perf_counter() - begin

        reads = [time_reading()]
        neuron = sk_neuron.dask.SigmoidNeuronClassifier(max_iter=n_steps, verbose=1)
        begin = time.perf_counter()
        neuron.fit(frame[names], frame["y"])
        seconds = time.perf_counter() - begin
        reads.append(time_reading())
        watch.is_over = True
        watch.join()
        assert list(client.run(os.getpid).values()) == pids, "a worker was restarted"
    yield case, "steps", neuron.n_iter_
    yield case, STEP, seconds / (n_steps + 2)  # a pass checks, and one is the start
    yield case, READ, sum(reads) / 2
    yield case, "loss", neuron.loss_curve_[-1]
    processes = "client and scheduler", "worker 1", "worker 2"
    for name, (rss, own) in zip(processes, watch.peaks.values(), strict=True):
        yield case, f"peak bytes of {name}", rss
        yield case, f"peak bytes of {name}, without pages of files", own


def measure_rival(n_rows, n_blocks):
    """Time fits to the Brier score that dask-ml reaches, and to 1 % above the best."""
    from dask_ml.linear_model import LogisticRegression

    X, y = make_rows(n_rows, n_blocks)
    X_test, y_test = make_block(10**6, 10**5)
    with start(2):
        lazy = X.persist()
        lazy_y = da.from_array(y, chunks=(n_rows // n_blocks,)).persist()
        wait([lazy, lazy_y])

        def measure(name, model):
            begin = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(lazy, lazy_y)
                seconds = time.perf_counter() - begin
                p = model.predict_proba(X_test)[:, 1]
            yield name, "seconds", seconds
            yield name, "Brier score", brier_score_loss(y_test, p)

        for solver in ("lbfgs", "admm", "newton", "gradient_descent", "proximal_grad"):
            for max_iter in (1, 2, 5, 10, 30):
                model = LogisticRegression(
                    solver=solver, max_iter=max_iter, C=1e6, tol=1e-8
                )
                name = f"dask-ml, {solver}, max_iter={max_iter}"
                try:
                    yield from measure(name, model)
                except Exception as error:
                    print(f"{name:50} raised {error!r}", flush=True)
        for n_steps in (3, 5, 8, 12, 20, 30):
            model = sk_neuron.dask.SigmoidNeuronClassifier(max_iter=n_steps)
            yield from measure(f"sk-neuron, max_iter={n_steps}", model)


def run(path, what, measured):
    """Write what was measured in place of the rows of the same kind."""
    facts = {"date": date.today().isoformat(), "cores": os.cpu_count()}
    facts |= {name: version(name) for name in ("dask", "sk-neuron")}
    rows = [row for row in read(path) if row["what"] != what] if path.exists() else []
    for case, measure, value in measured:
        print(f"{case}: {measure} {value:.6g}", flush=True)
        row = {"what": what, "case": case, "measure": measure, "value": f"{value:.6g}"}
        rows.append(row | facts)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(sorted(rows, key=lambda row: row["what"]))


def pick(rows, what):
    """Return {case: {measure: value}}."""
    found = {}
    for row in rows:
        if row["what"] == what:
            found.setdefault(row["case"], {})[row["measure"]] = float(row["value"])
    return found


def print_steps(rows):
    lines = [
        [
            case,
            *(show_seconds(values[f"{p}, {STEP}"]) for p in (IN_MEMORY, ON_CLUSTER)),
            *(f"{values[f'ratio of {kind}']:.2f}" for kind in KINDS),
        ]
        for case, values in pick(rows, "steps").items()
    ]
    print_table(["", IN_MEMORY, ON_CLUSTER, *(f"ratio of {k}" for k in KINDS)], lines)


def print_messages(rows):
    head = ["", "a step", "work of client and scheduler", "bytes to the scheduler"]
    lines = [
        [
            case,
            show_seconds(values[STEP]),
            show_seconds(values[CLIENT]),
            f"{values[TO_SCHEDULER]:,.0f}",
            f"{values[MESSAGES]:.1f}",
            f"{values[SENT]:,.0f}",
        ]
        for case, values in pick(rows, "messages").items()
    ]
    print_table([*head, "messages from workers", "bytes of these"], lines)


def print_files(rows):
    head = ["", "steps", "a step", "reading the files only", "client and scheduler"]
    lines = [
        [
            case,
            f"{values['steps']:.0f}",
            show_seconds(values[STEP]),
            show_seconds(values[READ]),
            *(
                f"{values[f'peak bytes of {name}'] / 1e9:.2f} GB"
                for name in ("client and scheduler", "worker 1", "worker 2")
            ),
        ]
        for case, values in pick(rows, "files").items()
    ]
    print_table([*head, "worker 1", "worker 2"], lines)


def print_rival(rows):
    """Print how long each package takes to come near the best Brier score of all."""
    results = pick(rows, "rival")
    best = min((values["Brier score"] for values in results.values()), default=np.nan)
    lines = []
    for margin in MARGINS:
        line = [f"{best:.5f} + {margin:.1%}"]
        for package in ("sk-neuron", "dask-ml"):
            times = [
                (values["seconds"], name.removeprefix(f"{package}, "))
                for name, values in results.items()
                if name.startswith(package) and values["Brier score"] <= best * (1 + margin)
            ]
            if times:
                seconds, setting = min(times)
                line.append(f"{show_seconds(seconds)} ({setting})")
            else:
                line.append("never")
        lines.append(line)
    print_table(["Brier score", "sk-neuron", "dask-ml"], lines)


def print_model(rows):
    """Print what a step takes on many machines, each with one block that it holds."""
    measured = pick(rows, "messages")
    costs = [
        (values[CLIENT] / int(case.split()[2]), values[TO_SCHEDULER] / int(case.split()[2]))
        for case, values in measured.items()
    ]
    seconds, size = np.median(costs, axis=0) if costs else (np.nan, np.nan)
    size += 8 * (MANY_FEATURES - N_FEATURES)
    reading, rows_of_block = SIZE_OF_BLOCK / READ_SPEED, SIZE_OF_BLOCK / 8 / MANY_FEATURES
    lines = []
    for n_machines in 10, 100, 1000:
        line = [
            f"{n_machines:,}",
            f"{n_machines * SIZE_OF_BLOCK / 1e12:g} TB",
            show_seconds(reading),
            show_seconds(n_machines * seconds),
            f"{n_machines * size / 1e6:.2f} MB",
            f"{np.ceil(np.log(n_machines) / np.log(8)):.0f}",
            f"{n_machines * rows_of_block * BYTES_OF_ROW / 1e9:g} GB",
            show_seconds(reading + n_machines * seconds),
        ]
        lines.append(line)
    head = ["machines", "X", "reading a block", "client and scheduler"]
    head += ["to the scheduler", "sums one after another", "memory of the client", "a step"]
    print_table(head, lines)


PARTS = {
    "steps": print_steps,
    "messages": print_messages,
    "model": print_model,
    "files": print_files,
    "rival": print_rival,
}


def list_parts(rows):
    """Return what the page shows."""
    return {name: pages.capture(show, rows) for name, show in PARTS.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--run", choices=("steps", "messages", "files", "rival"), help="measure"
    )
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--blocks", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=80)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--folder", help="of the files, which are deleted at the end")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the CSV")
    parser.add_argument("--write", nargs="+", type=Path, default=[], metavar="PAGE")
    given = parser.parse_args()
    if given.run == "steps":
        run(given.output, "steps", measure_steps(given.rows, given.blocks, given.rounds))
    elif given.run == "messages":
        run(given.output, "messages", measure_messages(given.rows, given.blocks))
    elif given.run == "rival":
        run(given.output, "rival", measure_rival(given.rows, given.blocks))
    elif given.run == "files":
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            measured = measure_files(folder, given.files, 250_000, given.steps)
            run(given.output, "files", measured)
    parts = list_parts(read(given.output))
    print("\n\n".join(parts.values()))
    pages.write(given.write, "cluster.py", parts)


if __name__ == "__main__":
    main()
