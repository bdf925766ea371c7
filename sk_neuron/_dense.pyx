# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The update rule on dense X, compiled: many steps in a call, without the GIL."""

include "_layer.pxi"

cdef extern from *:
    """
    #define KERNEL "_dense.h"
    #include "_precisions.h"
    """
    ctypedef struct Rows:
        const void *x
        ptrdiff_t row_stride, column_stride, n_together
    void advance_f64(const Rows *, const Layer *, ptrdiff_t, ptrdiff_t, int) nogil
    void advance_f32(const Rows *, const Layer *, ptrdiff_t, ptrdiff_t, int) nogil
    void potential_f64(const Rows *, const Layer *, void *, int) nogil
    void potential_f32(const Rows *, const Layer *, void *, int) nogil
    void norms_f64(const Rows *, ptrdiff_t, const ptrdiff_t *, ptrdiff_t, double *, int) nogil
    void norms_f32(const Rows *, ptrdiff_t, const ptrdiff_t *, ptrdiff_t, double *, int) nogil


cdef Rows find_rows(const floating[:, :] x, ptrdiff_t n_together):
    cdef Rows rows
    rows.x, rows.n_together = &x[0, 0], n_together
    rows.row_stride = x.strides[0] // <ptrdiff_t>sizeof(floating)
    rows.column_stride = x.strides[1] // <ptrdiff_t>sizeof(floating)
    return rows


def advance(
    const floating[:, :] x,
    ptrdiff_t n_together,
    kernel,
    state,
    workspace,
    ptrdiff_t place,
    ptrdiff_t end,
    int n_threads,
):
    """Move a state from one place in the descent, counted in chunks, to another."""
    cdef Rows rows = find_rows(x, n_together)
    cdef Layer layer = describe(kernel, state, workspace, x.shape[0], <floating>0)
    with nogil:
        if floating is double:
            advance_f64(&rows, &layer, place, end, n_threads)
        else:
            advance_f32(&rows, &layer, place, end, n_threads)


def fill_potential(
    const floating[:, :] x,
    layout,
    const ptrdiff_t[::1] bounds,
    floating[::1] coef,
    floating[::1] intercept,
    ptrdiff_t n_together,
    floating[:, ::1] z,
    int n_threads,
):
    """Fill in z (n, columns) with the potentials."""
    cdef Rows rows = find_rows(x, n_together)
    cdef Layer layer
    layer.n, layer.d, layer.n_chunks = x.shape[0], x.shape[1], bounds.shape[0] - 1
    layer.n_tiles, layer.n_singles = layout.n_tiles, layout.n_singles
    layer.bounds, layer.coef, layer.intercept = &bounds[0], &coef[0], &intercept[0]
    with nogil:
        if floating is double:
            potential_f64(&rows, &layer, &z[0, 0], n_threads)
        else:
            potential_f32(&rows, &layer, &z[0, 0], n_threads)


def fill_norms(
    const floating[:, :] x,
    const ptrdiff_t[::1] bounds,
    ptrdiff_t n_together,
    double[::1] norms,
    int n_threads,
):
    """Fill in norms (n,) with the sum of the squares of each row."""
    cdef Rows rows = find_rows(x, n_together)
    cdef ptrdiff_t d = x.shape[1], n_chunks = bounds.shape[0] - 1
    with nogil:
        if floating is double:
            norms_f64(&rows, d, &bounds[0], n_chunks, &norms[0], n_threads)
        else:
            norms_f32(&rows, d, &bounds[0], n_chunks, &norms[0], n_threads)
