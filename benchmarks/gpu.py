"""What a step costs on a GPU, beside the speed of its memory and logistic regression.

    python benchmarks/gpu.py                            # on CUDA, in ten minutes
    python benchmarks/gpu.py --device cpu --rows 20000  # to see that it runs

The time of a step is that of a long fit less that of a short one, divided by the number of
steps between them; the two are taken in turns. The bandwidth is that of a copy of X in the
same run. A step has to read X twice, and should take no longer than 2.5 reads do.
"""

import argparse
import os
import time
import warnings
from importlib.util import find_spec

import numpy as np

SIZES = [(1_000_000, 50), (10_000_000, 100)]
DTYPES = "float32", "float64"
N_CLASSES = 2, 10
FEW = 5  # steps of a short fit
N_ROUNDS = 3
MAX_ITER = 100  # of the fit that is to reach the Brier score of logistic regression
BUDGET = 8 * 60  # seconds, after which no other measurement starts


class Clock:
    """Times calls on a device."""

    def __init__(self, torch, device, n_steps):
        self.wait = torch.cuda.synchronize if device == "cuda" else lambda: None
        self.end = time.perf_counter() + BUDGET
        self.n_steps = n_steps  # of a long fit, beside those of a short one

    @property
    def is_over(self):
        """Whether no other measurement should start."""
        return time.perf_counter() > self.end

    def time(self, call, *args):
        """Return the seconds of a call, and its result."""
        self.wait()
        start = time.perf_counter()
        result = call(*args)
        self.wait()
        return time.perf_counter() - start, result

    def time_step(self, fit, n_rounds):
        """Return the seconds of a step, given what fits with a number of steps."""
        if n_rounds > 1:
            fit(FEW)  # to warm up
        lengths = FEW, FEW + self.n_steps
        times = [[self.time(fit, n)[0] for n in lengths] for _ in range(n_rounds)]
        short, long = np.min(times, axis=0)
        return (long - short) / self.n_steps


def make_rows(torch, device, shape, dtype, n_classes):
    """Return rows and labels of a linear model, made on the device."""
    generator = torch.Generator(device).manual_seed(0)
    dtype = getattr(torch, dtype)

    def draw(*shape):
        return torch.randn(shape, generator=generator, device=device, dtype=dtype)

    X = draw(*shape)
    planes = draw(shape[1], n_classes) * (3 / shape[1] ** 0.5)
    return X, (X @ planes + 2 * draw(shape[0], n_classes)).argmax(axis=1)


def measure_bandwidth(clock, X):
    """Return the bytes that a copy of X reads and writes in a second."""
    copy = X.clone()
    seconds = min(clock.time(copy.copy_, X)[0] for _ in range(10))
    return 2 * X.nbytes / seconds


def measure_brier_score(torch, model, X, y):
    """Return the Brier score as `loss_curve_` has it."""
    p = torch.as_tensor(model.predict_proba(X), device=X.device)
    error = p - torch.nn.functional.one_hot(y, p.shape[1])
    score = float((error * error).sum(axis=1).mean())
    return score / 2 if p.shape[1] == 2 else score


def list_rivals():
    """Return the models beside which the neuron is measured, and print who is missing."""
    from sklearn.linear_model import LogisticRegression

    rivals = {"scikit-learn": LogisticRegression(C=np.inf)}
    if find_spec("cuml"):
        from cuml.linear_model import LogisticRegression as OnDevice

        rivals["cuML"] = OnDevice(penalty=None)
    else:
        print("cuML is not installed.")
    return rivals


def print_step(name, seconds, X, bandwidth):
    reads = seconds * bandwidth / X.nbytes
    print(
        f"{name}: a step takes {1e3 * seconds:.3f} ms, as long as {reads:.2f} reads of X "
        f"({2 / reads:.0%} of the bandwidth)",
        flush=True,
    )


def print_rival(torch, clock, rival, model, X, y, name):
    """Print the time of a rival, and that of a fit that reaches its Brier score."""
    from sk_neuron import SigmoidNeuronClassifier

    try:
        seconds, _ = clock.time(model.fit, X, y)
    except Exception as error:  # a rival may not take such arrays
        print(f"{name}, {rival}: cannot fit, since {error!r}", flush=True)
        return
    score = measure_brier_score(torch, model, X, y)
    print(f"{name}, {rival}: {seconds:.3f} s to a Brier score of {score:.6f}", flush=True)
    losses = SigmoidNeuronClassifier(max_iter=MAX_ITER).fit(X, y).loss_curve_.cpu().numpy()
    (reached,) = np.nonzero(losses <= score)
    if not len(reached):
        print(f"{name}, sk-neuron: {losses[-1]:.6f} after {MAX_ITER} steps", flush=True)
        return
    neuron = SigmoidNeuronClassifier(max_iter=max(1, int(reached[0])))
    seconds, _ = clock.time(neuron.fit, X, y)
    print(f"{name}, sk-neuron: {seconds:.3f} s, {neuron.max_iter} steps to it", flush=True)


def measure(torch, clock, device, sizes, n_rounds):
    from sk_neuron import SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

    rivals = list_rivals()
    problems = [(s, t, k) for s in sizes for t in DTYPES for k in N_CLASSES]
    for shape, dtype, n_classes in problems:
        name = f"{shape[0]:,} x {shape[1]}, {dtype}, {n_classes} classes"
        if clock.is_over:
            print(f"{name}: left out, since the time is over.")
            continue
        X, y = make_rows(torch, device, shape, dtype, n_classes)
        bandwidth = measure_bandwidth(clock, X)
        print(f"{name}: a copy of X moves {bandwidth / 1e9:,.0f} GB/s", flush=True)

        def fit(n_steps, X=X, y=y):
            SigmoidNeuronClassifier(max_iter=n_steps).fit(X, y)

        def search(n_steps, X=X, y=y):
            SigmoidNeuronClassifierCV(iters=[1, n_steps], cv=5, refit=False).fit(X, y)

        print_step(name, clock.time_step(fit, n_rounds), X, bandwidth)
        for rival, model in rivals.items():
            if not clock.is_over:
                print_rival(torch, clock, rival, model, X, y, name)
        if not clock.is_over:
            seconds = clock.time_step(search, 1)  # most of it is not steps
            print_step(f"{name}, a search with 5 folds", seconds, X, bandwidth)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--rows", type=int, help="one small problem of each kind")
    parser.add_argument("--steps", type=int, default=50, help="that are timed")
    arguments = parser.parse_args()
    os.environ["SCIPY_ARRAY_API"] = "1"  # before SciPy is imported
    if not find_spec("torch"):
        print("PyTorch is not installed, so nothing is measured.")
        return
    import torch

    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("There is no CUDA device, so nothing is measured.")
        return
    import sklearn

    cuda = arguments.device == "cuda"
    where = torch.cuda.get_device_name() if cuda else "the CPU"
    print(f"On {where}, PyTorch {torch.__version__}, scikit-learn {sklearn.__version__}.")
    sizes, n_rounds = SIZES, N_ROUNDS
    if arguments.rows:
        sizes, n_rounds = [(arguments.rows, SIZES[0][1])], 1
    warnings.simplefilter("ignore")  # that the loss still fell
    clock = Clock(torch, arguments.device, arguments.steps)
    with sklearn.config_context(array_api_dispatch=True):
        measure(torch, clock, arguments.device, sizes, n_rounds)


if __name__ == "__main__":
    main()
