"""How many threads share a step."""

import os
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

import joblib

_dense: Any
_csr: Any
try:
    _dense, _csr = map(
        import_module, ("sk_neuron._kernels._dense", "sk_neuron._kernels._csr")
    )
except ModuleNotFoundError:  # installed where there is no C compiler
    _dense = _csr = None
BUILT = _dense is not None
SWITCHED_OFF = os.environ.get("SK_NEURON_KERNEL") == "numpy"

# One entry for each kernel that is active in this process; they share its threads. A forked
# child has no more than one: those of the OpenMP run time stayed behind in its parent.
_active: list[None] = []
_default_threads = _dense.get_max_threads() if BUILT else 0
_count_cores = cache(joblib.cpu_count)
_is_forked = False


def _note_fork():
    global _is_forked
    _is_forked = True
    _active.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def get_max_threads():
    """Return how many threads there may be; 0 if built without OpenMP.

    OpenMP does not know how many cores a container may use. So where nobody has chosen a
    number, by OMP_NUM_THREADS or threadpoolctl, there are no more than joblib counts.
    """
    n_threads = _dense.get_max_threads()
    chosen = "OMP_NUM_THREADS" in os.environ or n_threads != _default_threads
    return n_threads if chosen else min(n_threads, _count_cores())


def share_threads(n_chunks):
    """Return how many threads take so many chunks, beside the other active kernels."""
    if _is_forked or n_chunks == 1:
        return 1
    return min(n_chunks, max(1, get_max_threads() // max(1, len(_active))))


@contextmanager
def count_as_active():
    """Count a kernel among the active ones."""
    _active.append(None)
    try:
        yield
    finally:
        del _active[-1:]  # of which there is none in a child forked meanwhile
