# Included by the kernels: what `CompiledKernel`, its state and its workspace have, for C.

from cython cimport floating
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int8_t, int64_t

cdef extern from "_kernel.h" nogil:
    ctypedef struct Layer:
        ptrdiff_t n, d, n_tiles, n_singles, n_chunks
        const ptrdiff_t *bounds
        const int8_t *signs
        const void *weight
        const void *weights
        const double *rate
        const double *alpha
        const double *norm_scale
        int fit_intercept, is_adaptive, is_start
        void *coef
        void *intercept
        void *kept_coef
        void *kept_intercept
        void *kept_gradient
        double *kept_intercept_gradient
        double *kept_loss
        double *kept_error
        double *kept_norm
        int64_t *exponent
        double *step
        double *accepted
        void *gradients
        double *sums
        double *norms
        double *squared_error
        int64_t *exponents
        void *coefs
        void *intercepts
    int count_threads "most_threads"()
    const ptrdiff_t BLOCK


def most_threads():
    """Return how many threads OpenMP would take here; 0 if built without it."""
    return count_threads()


cdef Layer describe(kernel, state, workspace, ptrdiff_t n, floating precision):
    """Return where the arrays of a kernel, a state and its workspace are; they must outlive it."""
    cdef Layer layer
    cdef const ptrdiff_t[::1] bounds = kernel.bounds
    cdef const int8_t[::1] signs = kernel.signs
    cdef const floating[::1] weights = kernel.sample_weight
    cdef const double[::1] rate = kernel.rate, alpha = kernel.alpha
    cdef const double[::1] norm_scale = kernel.norm_scale
    cdef floating[::1] coef = state.coef, intercept = state.intercept
    cdef floating[::1] kept_coef = state.kept_coef
    cdef floating[::1] kept_intercept = state.kept_intercept
    cdef floating[::1] kept_gradient = state.kept_gradient
    cdef double[:, ::1] kept = state.kept
    cdef int64_t[::1] exponent = state.exponent
    cdef double[:, ::1] columns = workspace.columns
    cdef floating[::1] gradients = workspace.gradients
    cdef floating[::1] coefs = workspace.coefs, intercepts = workspace.intercepts
    cdef double[::1] sums = workspace.sums, norms = workspace.norms
    cdef double[::1] squared_error = workspace.squared_error
    cdef int64_t[::1] exponents = workspace.exponents
    layer.n, layer.d = n, kernel.layout.n_features
    if norms.shape[0] < 3 * kept.shape[1] * ((layer.d + BLOCK - 1) // BLOCK):
        raise ValueError("The blocks of features are larger here than in C.")
    layer.n_tiles, layer.n_singles = kernel.layout.n_tiles, kernel.layout.n_singles
    layer.n_chunks = bounds.shape[0] - 1
    layer.bounds, layer.signs = &bounds[0], &signs[0]
    layer.weight = layer.weights = NULL
    if weights.shape[0] == n:
        layer.weight = &weights[0]
    else:
        layer.weights = &weights[0]
    layer.rate, layer.alpha, layer.norm_scale = &rate[0], &alpha[0], &norm_scale[0]
    layer.fit_intercept, layer.is_adaptive = kernel.fit_intercept, kernel.is_adaptive
    layer.is_start = workspace.is_start
    layer.coef, layer.intercept = &coef[0], &intercept[0]
    layer.kept_coef, layer.kept_intercept = &kept_coef[0], &kept_intercept[0]
    layer.kept_gradient = &kept_gradient[0]
    layer.kept_intercept_gradient, layer.kept_loss = &kept[0, 0], &kept[1, 0]
    layer.kept_error, layer.kept_norm = &kept[2, 0], &kept[3, 0]
    layer.exponent = &exponent[0]
    layer.step, layer.accepted = &columns[0, 0], &columns[1, 0]
    layer.gradients, layer.sums, layer.norms = &gradients[0], &sums[0], &norms[0]
    layer.squared_error, layer.exponents = &squared_error[0], &exponents[0]
    layer.coefs = &coefs[0] if coefs.shape[0] else NULL
    layer.intercepts = &intercepts[0] if intercepts.shape[0] else NULL
    return layer
