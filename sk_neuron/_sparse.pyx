# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The update rule on sparse X, compiled: many steps in a call, without the GIL."""

include "_layer.pxi"

from libc.stdint cimport int32_t, int64_t

cdef extern from *:
    """
    #define KERNEL "_sparse.h"
    #include "_precisions.h"
    """
    ctypedef struct Rows:
        const void *data
        const void *indices
        const void *indptr
        int wide
    void advance_f64(const Rows *, const Layer *, ptrdiff_t, ptrdiff_t, int) nogil
    void advance_f32(const Rows *, const Layer *, ptrdiff_t, ptrdiff_t, int) nogil

ctypedef fused index:
    int32_t
    int64_t


def advance(
    const floating[::1] data,
    const index[::1] indices,
    const index[::1] indptr,
    kernel,
    state,
    workspace,
    ptrdiff_t place,
    ptrdiff_t end,
    int n_threads,
):
    """Move a state from one place in the descent, counted in chunks, to another."""
    cdef Rows rows
    cdef Layer layer = describe(kernel, state, workspace, indptr.shape[0] - 1, <floating>0)
    rows.data, rows.indices, rows.indptr = &data[0], &indices[0], &indptr[0]
    rows.wide = sizeof(index) == 8
    with nogil:
        if floating is double:
            advance_f64(&rows, &layer, place, end, n_threads)
        else:
            advance_f32(&rows, &layer, place, end, n_threads)
