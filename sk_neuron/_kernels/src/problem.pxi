# Included by the kernels: gives C the arrays of `CompiledKernel`, its state and workspace.

from cython cimport floating
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t

cdef extern from "problem.h" nogil:
    ctypedef struct Descent:
        ptrdiff_t n, d, n_groups, n_outputs, n_tiles, n_remainder, n_chunks
        const ptrdiff_t *chunk_offsets
        const int32_t *labels
        ptrdiff_t n_label_sets
        const void *weight
        ptrdiff_t weight_stride
        const uint8_t *roles
        const void *judge_weight
        ptrdiff_t judge_stride
        const void *noise_shift
        const void *noise_slope
        const uint8_t *is_noisy
        const double *alpha
        const double *norm_scale
        const double *rate
        int fit_intercept, is_adaptive, is_start
        void *coef
        void *intercept
        void *kept_coef
        void *kept_intercept
        void *kept_gradient
        double *kept_intercept_gradient
        double *kept
        int64_t *exponent
        double *step
        double *accepted
        void *gradients
        double *delta_sums
        double *errors
        double *norms
        void *scratch
        ptrdiff_t scratch_size
        double *kept_errors
        int64_t *exponents
        void *coefs
        void *intercepts
        void *raw_prediction
        ptrdiff_t last_pass
    int max_threads "get_max_threads"()
    const ptrdiff_t UPDATE_BLOCK


def get_max_threads():
    """Return how many threads OpenMP would use; 0 if built without it."""
    return max_threads()


cdef Descent make_descent(kernel, state, workspace, ptrdiff_t n, floating precision):
    """Return pointers to the arrays of a kernel, a state and a workspace, which must outlive it."""
    cdef Descent descent
    cdef const ptrdiff_t[::1] offsets = kernel.chunk_offsets
    cdef const int32_t[:, ::1] labels = kernel.labels
    cdef const floating[:, ::1] weight = kernel.weight, judge_weight
    cdef const uint8_t[:, ::1] roles
    cdef const uint8_t[::1] is_noisy
    cdef const floating[:, ::1] noise_shift, noise_slope
    cdef const double[::1] rate = kernel.rate, alpha = kernel.alpha
    cdef const double[::1] norm_scale = kernel.norm_scale
    cdef floating[::1] coef = state.coef, intercept = state.intercept
    cdef floating[::1] kept_coef = state.kept_coef
    cdef floating[::1] kept_intercept = state.kept_intercept
    cdef floating[::1] kept_gradient = state.kept_gradient
    cdef double[::1] kept_intercept_gradient = state.kept_intercept_gradient
    cdef double[:, ::1] kept = state.kept
    cdef int64_t[::1] exponent = state.exponent
    cdef double[:, ::1] columns = workspace.columns
    cdef floating[::1] gradients = workspace.gradients
    cdef floating[:, ::1] scratch = workspace.scratch
    cdef floating[::1] coefs = workspace.coefs, intercepts = workspace.intercepts
    cdef floating[:, ::1] raw_prediction = workspace.raw_prediction
    cdef double[::1] delta_sums = workspace.delta_sums, errors = workspace.errors
    cdef double[::1] norms = workspace.norms, kept_errors = workspace.kept_errors
    cdef int64_t[::1] exponents = workspace.exponents
    descent.n, descent.d = n, kernel.packing.n_features
    descent.n_groups, descent.n_outputs = kernel.problem.n_groups, kernel.problem.n_outputs
    if norms.shape[0] < 3 * columns.shape[1] * ((descent.d + UPDATE_BLOCK - 1) // UPDATE_BLOCK):
        raise ValueError("_UPDATE_BLOCK in Python is larger than UPDATE_BLOCK in C.")
    descent.n_tiles, descent.n_remainder = kernel.packing.n_tiles, kernel.packing.n_remainder
    descent.n_chunks, descent.chunk_offsets = offsets.shape[0] - 1, &offsets[0]
    descent.labels, descent.n_label_sets = &labels[0, 0], labels.shape[0]
    descent.weight = &weight[0, 0]
    descent.weight_stride = n if weight.shape[0] > 1 else 0
    descent.roles = descent.judge_weight = NULL
    descent.judge_stride = 0
    if kernel.roles is not None:
        roles = kernel.roles
        descent.roles = &roles[0, 0]
    if kernel.judge_weight is not None:
        judge_weight = kernel.judge_weight
        descent.judge_weight = &judge_weight[0, 0]
        descent.judge_stride = n if judge_weight.shape[0] > 1 else 0
    descent.noise_shift = descent.noise_slope = descent.is_noisy = NULL
    if kernel.is_noisy is not None:
        noise_shift, noise_slope = kernel.noise_shift, kernel.noise_slope
        is_noisy = kernel.is_noisy
        descent.noise_shift, descent.noise_slope = &noise_shift[0, 0], &noise_slope[0, 0]
        descent.is_noisy = &is_noisy[0]
    descent.alpha, descent.norm_scale, descent.rate = &alpha[0], &norm_scale[0], &rate[0]
    descent.fit_intercept = kernel.problem.fit_intercept
    descent.is_adaptive = kernel.problem.is_adaptive
    descent.is_start = workspace.is_start
    descent.coef, descent.intercept = &coef[0], &intercept[0]
    descent.kept_coef, descent.kept_intercept = &kept_coef[0], &kept_intercept[0]
    descent.kept_gradient = &kept_gradient[0]
    descent.kept_intercept_gradient = &kept_intercept_gradient[0]
    descent.kept, descent.exponent = &kept[0, 0], &exponent[0]
    descent.step, descent.accepted = &columns[0, 0], &columns[1, 0]
    descent.gradients, descent.delta_sums = &gradients[0], &delta_sums[0]
    descent.errors, descent.norms = &errors[0], &norms[0]
    descent.scratch, descent.scratch_size = &scratch[0, 0], scratch.shape[1]
    descent.kept_errors, descent.exponents = &kept_errors[0], &exponents[0]
    descent.coefs = &coefs[0] if coefs.shape[0] else NULL
    descent.intercepts = &intercepts[0] if intercepts.shape[0] else NULL
    descent.raw_prediction = &raw_prediction[0, 0] if raw_prediction.shape[0] else NULL
    descent.last_pass = exponents.shape[0] // descent.n_groups - 1
    return descent
