# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""The compiled descent on dense X: many steps per call, without the GIL."""

include "problem.pxi"

cdef extern from *:
    """
    #define KERNEL "dense.h"
    #include "instantiate.h"
    """
    ctypedef struct Rows:
        const void *x
        ptrdiff_t row_stride, column_stride, rows_per_block
    void run_f64(const Rows *, const Descent *, ptrdiff_t, ptrdiff_t, int) nogil
    void run_f32(const Rows *, const Descent *, ptrdiff_t, ptrdiff_t, int) nogil
    void raw_prediction_f64(const Rows *, const Descent *, int) nogil
    void raw_prediction_f32(const Rows *, const Descent *, int) nogil
    void norms_f64(const Rows *, ptrdiff_t, const ptrdiff_t *, ptrdiff_t, double *, int) nogil
    void norms_f32(const Rows *, ptrdiff_t, const ptrdiff_t *, ptrdiff_t, double *, int) nogil


cdef Rows make_rows(const floating[:, :] x, ptrdiff_t rows_per_block):
    cdef Rows rows
    rows.x, rows.rows_per_block = &x[0, 0], rows_per_block
    rows.row_stride = x.strides[0] // <ptrdiff_t>sizeof(floating)
    rows.column_stride = x.strides[1] // <ptrdiff_t>sizeof(floating)
    return rows


def run(
    const floating[:, :] x,
    ptrdiff_t rows_per_block,
    kernel,
    state,
    workspace,
    ptrdiff_t begin,
    ptrdiff_t end,
    int n_threads,
):
    """Move a state from `begin` to `end`, which count the chunks of all passes."""
    cdef Rows rows = make_rows(x, rows_per_block)
    cdef Descent descent = make_descent(kernel, state, workspace, x.shape[0], <floating>0)
    with nogil:
        if floating is double:
            run_f64(&rows, &descent, begin, end, n_threads)
        else:
            run_f32(&rows, &descent, begin, end, n_threads)


def fill_raw_prediction(
    const floating[:, :] x,
    packing,
    const ptrdiff_t[::1] offsets,
    floating[::1] coef,
    floating[::1] intercept,
    ptrdiff_t rows_per_block,
    floating[:, ::1] z,
    int n_threads,
):
    """Fill in z (columns, n) with the raw predictions."""
    cdef Rows rows = make_rows(x, rows_per_block)
    cdef Descent descent
    descent.n, descent.d, descent.n_chunks = x.shape[0], x.shape[1], offsets.shape[0] - 1
    descent.n_tiles, descent.n_remainder = packing.n_tiles, packing.n_remainder
    descent.coef, descent.intercept = &coef[0], &intercept[0]
    descent.chunk_offsets, descent.raw_prediction = &offsets[0], &z[0, 0]
    with nogil:
        if floating is double:
            raw_prediction_f64(&rows, &descent, n_threads)
        else:
            raw_prediction_f32(&rows, &descent, n_threads)


def fill_norms(
    const floating[:, :] x,
    const ptrdiff_t[::1] offsets,
    ptrdiff_t rows_per_block,
    double[::1] norms,
    int n_threads,
):
    """Fill in norms (n,) with the sum of the squares of each row."""
    cdef Rows rows = make_rows(x, rows_per_block)
    cdef ptrdiff_t d = x.shape[1], n_chunks = offsets.shape[0] - 1
    with nogil:
        if floating is double:
            norms_f64(&rows, d, &offsets[0], n_chunks, &norms[0], n_threads)
        else:
            norms_f32(&rows, d, &offsets[0], n_chunks, &norms[0], n_threads)
