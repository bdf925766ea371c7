"""The number of threads that share a step."""

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
except ModuleNotFoundError:  # installed without a C compiler
    _dense = _csr = None
BUILT = _dense is not None
SWITCHED_OFF = os.environ.get("SK_NEURON_KERNEL") == "numpy"

# One entry for each active kernel of this process; they share its threads. A forked child
# has one thread only: the threads of OpenMP exist in its parent.
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
    """Return the largest number of threads; 0 if built without OpenMP.

    OpenMP does not know how many cores a container may use. So if the user has not chosen a
    number with OMP_NUM_THREADS or threadpoolctl, the limit is what joblib counts.
    """
    n_threads = _dense.get_max_threads()
    chosen = "OMP_NUM_THREADS" in os.environ or n_threads != _default_threads
    return n_threads if chosen else min(n_threads, _count_cores())


def share_threads(n_chunks):
    """Return the number of threads for some chunks, given the other active kernels."""
    if _is_forked or n_chunks == 1:
        return 1
    return min(n_chunks, max(1, get_max_threads() // max(1, len(_active))))


@contextmanager
def count_as_active():
    """Count a kernel as active within this context."""
    _active.append(None)
    try:
        yield
    finally:
        del _active[-1:]  # empty in a child that was forked meanwhile
