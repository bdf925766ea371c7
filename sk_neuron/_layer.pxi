# Included by the kernels: a layer as `CompiledKernel` and `State` have it, for C.

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
        void *coefs
        void *intercepts
    int count_threads "most_threads"()


def most_threads():
    """Return how many threads OpenMP would take here; 0 if built without it."""
    return count_threads()


cdef Layer describe(kernel, state, ptrdiff_t n, floating precision):
    """Return where the arrays of a kernel and a state are; they must outlive it."""
    cdef Layer layer
    cdef const ptrdiff_t[::1] bounds = kernel.bounds
    cdef const int8_t[::1] signs = kernel.signs
    cdef const floating[::1] weights = kernel.weights
    cdef const double[::1] rate = kernel.rate, alpha = kernel.alpha
    cdef floating[::1] coef = state.coef, intercept = state.intercept
    cdef floating[::1] gradients = state.gradients
    cdef floating[::1] coefs = state.coefs, intercepts = state.intercepts
    cdef double[::1] sums = state.sums, squared_error = state.squared_error
    layer.n, layer.d = n, kernel.layout.n_features
    layer.n_tiles, layer.n_singles = kernel.layout.n_tiles, kernel.layout.n_singles
    layer.n_chunks = bounds.shape[0] - 1
    layer.bounds, layer.signs = &bounds[0], &signs[0]
    layer.weight = layer.weights = NULL
    if weights.shape[0] == n:
        layer.weight = &weights[0]
    else:
        layer.weights = &weights[0]
    layer.rate, layer.alpha = &rate[0], &alpha[0]
    layer.fit_intercept = kernel.fit_intercept
    layer.coef, layer.intercept = &coef[0], &intercept[0]
    layer.gradients, layer.sums = &gradients[0], &sums[0]
    layer.squared_error = &squared_error[0]
    layer.coefs = &coefs[0] if coefs.shape[0] else NULL
    layer.intercepts = &intercepts[0] if intercepts.shape[0] else NULL
    return layer
