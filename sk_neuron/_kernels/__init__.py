"""One pass over X and the step that follows, for many groups of columns at once.

The other folders import from this module.
"""

from sk_neuron._kernels._block_kernel import BlockKernel, make_local_kernel
from sk_neuron._kernels._blocked_rows import BlockedRows, add_pairs, map_blocks
from sk_neuron._kernels._compiled import (
    MAX_WORK_PER_CALL,
    CompiledKernel,
    History,
    are_finite,
    check_raw_prediction,
    compute_raw_prediction,
    compute_squared_norms,
    count_threads,
    has_kernel,
)
from sk_neuron._kernels._device_rows import (
    DeviceRows,
    as_numpy,
    is_on_device,
    return_like,
)
from sk_neuron._kernels._numpy import NumpyKernel
from sk_neuron._kernels._problem import JUDGED, TRAINED, Problem, mask_weight
from sk_neuron._kernels._row_blocks import row_blocks
from sk_neuron._kernels._step_rule import StepRule, compute_max_exponent
from sk_neuron._kernels._threads import BUILT, SWITCHED_OFF, get_max_threads

__all__ = [
    "BUILT",
    "JUDGED",
    "MAX_WORK_PER_CALL",
    "SWITCHED_OFF",
    "TRAINED",
    "BlockKernel",
    "BlockedRows",
    "CompiledKernel",
    "DeviceRows",
    "History",
    "NumpyKernel",
    "Problem",
    "StepRule",
    "add_pairs",
    "are_finite",
    "as_numpy",
    "check_raw_prediction",
    "compute_max_exponent",
    "compute_raw_prediction",
    "compute_squared_norms",
    "count_threads",
    "get_max_threads",
    "has_kernel",
    "is_on_device",
    "make_kernel",
    "map_blocks",
    "mask_weight",
    "return_like",
    "row_blocks",
]


def make_kernel(problem):
    """Return the fastest kernel for a problem; it can `start` and `run` a descent."""
    if isinstance(problem.X, DeviceRows):
        return NumpyKernel(problem)
    if isinstance(problem.X, BlockedRows):
        return BlockKernel(problem)
    return make_local_kernel(problem)
