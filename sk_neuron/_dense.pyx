# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The update rule on dense X, compiled: all steps of a stretch in one call, no GIL."""

from cython cimport floating
from libc.stddef cimport ptrdiff_t


cdef extern from "_kernels.h" nogil:
    int advance_f64(
        const double *x, ptrdiff_t n, ptrdiff_t d, ptrdiff_t columns, int width,
        const double *signed_weight, const double *rate, const double *alpha,
        int fit_intercept, double *coef, double *intercept, double *squared_error,
        ptrdiff_t n_steps, int n_threads,
    )
    int advance_f32(
        const float *x, ptrdiff_t n, ptrdiff_t d, ptrdiff_t columns, int width,
        const float *signed_weight, const double *rate, const double *alpha,
        int fit_intercept, float *coef, float *intercept, double *squared_error,
        ptrdiff_t n_steps, int n_threads,
    )
    void potential_f64(
        const double *x, ptrdiff_t n, ptrdiff_t d, ptrdiff_t columns, int width,
        const double *coef, const double *intercept, double *z, int n_threads,
    )
    void potential_f32(
        const float *x, ptrdiff_t n, ptrdiff_t d, ptrdiff_t columns, int width,
        const float *coef, const float *intercept, float *z, int n_threads,
    )
    int most_threads()


# The columns of a vector, by the size of a number: LANES in _kernels.h.
LANES = {8: 8, 4: 16}


def advance_tiles(
    const floating[:, ::1] features,
    const floating[:, ::1] signed_weight,
    const double[::1] rate,
    const double[::1] alpha,
    bint fit_intercept,
    floating[:, :, ::1] coef,
    floating[::1] intercept,
    double[:, ::1] squared_error,
    bint threaded,
):
    """Move coef (n_tiles, d, width) and intercept in place; fill in squared_error."""
    cdef ptrdiff_t n = features.shape[0], d = features.shape[1]
    cdef ptrdiff_t columns = intercept.shape[0], n_steps = squared_error.shape[0]
    cdef int width = coef.shape[2], failed = 0
    if n_steps == 0:
        return
    with nogil:
        threads = most_threads() if threaded else 1
        if floating is double:
            failed = advance_f64(
                &features[0, 0], n, d, columns, width, &signed_weight[0, 0], &rate[0],
                &alpha[0], fit_intercept, &coef[0, 0, 0], &intercept[0],
                &squared_error[0, 0], n_steps, threads,
            )
        else:
            failed = advance_f32(
                &features[0, 0], n, d, columns, width, &signed_weight[0, 0], &rate[0],
                &alpha[0], fit_intercept, &coef[0, 0, 0], &intercept[0],
                &squared_error[0, 0], n_steps, threads,
            )
    if failed:
        raise MemoryError("There is no memory for the gradients of a step.")


def fill_potential(
    const floating[:, ::1] features,
    const floating[:, :, ::1] coef,
    const floating[::1] intercept,
    floating[:, ::1] z,
    bint threaded,
):
    """Fill in z (n, columns) with the potentials of coef (n_tiles, d, width)."""
    cdef ptrdiff_t n = features.shape[0], d = features.shape[1]
    cdef ptrdiff_t columns = intercept.shape[0]
    cdef int width = coef.shape[2]
    with nogil:
        threads = most_threads() if threaded else 1
        if floating is double:
            potential_f64(
                &features[0, 0], n, d, columns, width, &coef[0, 0, 0], &intercept[0],
                &z[0, 0], threads,
            )
        else:
            potential_f32(
                &features[0, 0], n, d, columns, width, &coef[0, 0, 0], &intercept[0],
                &z[0, 0], threads,
            )
