# Included by the kernels: a layer as `_compiled.Layout` has it, for C.

from cython cimport floating
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int8_t

cdef extern from "_kernel.h" nogil:
    ctypedef struct Layer:
        ptrdiff_t n, d, n_tiles, n_singles, n_chunks
        const ptrdiff_t *bounds
        const int8_t *signs
        const void *weight
        const void *weights
        const double *rate
        const double *alpha
        int fit_intercept
        void *coef
        void *intercept
        void *gradients
        double *sums
        double *squared_error
    int count_threads "most_threads"()


def most_threads():
    """Return how many threads OpenMP would take here; 0 if built without it."""
    return count_threads()


cdef Layer describe(layout, ptrdiff_t n, ptrdiff_t d, floating precision):
    """Return where the arrays of a layout are; it must outlive the result."""
    cdef Layer layer
    cdef const ptrdiff_t[::1] bounds = layout.bounds
    cdef const int8_t[::1] signs = layout.signs
    cdef const floating[::1] weights = layout.weights
    cdef const double[::1] rate = layout.rate, alpha = layout.alpha
    cdef floating[::1] coef = layout.coef, intercept = layout.intercept
    cdef floating[::1] gradients = layout.gradients
    cdef double[::1] sums = layout.sums, squared_error = layout.squared_error
    layer.n, layer.d = n, d
    layer.n_tiles, layer.n_singles = layout.n_tiles, layout.n_singles
    layer.n_chunks = bounds.shape[0] - 1
    layer.bounds, layer.signs = &bounds[0], &signs[0]
    layer.weight = layer.weights = NULL
    if weights.shape[0] == n:
        layer.weight = &weights[0]
    else:
        layer.weights = &weights[0]
    layer.rate, layer.alpha = &rate[0], &alpha[0]
    layer.fit_intercept = layout.fit_intercept
    layer.coef, layer.intercept = &coef[0], &intercept[0]
    layer.gradients, layer.sums = &gradients[0], &sums[0]
    layer.squared_error = &squared_error[0]
    return layer
