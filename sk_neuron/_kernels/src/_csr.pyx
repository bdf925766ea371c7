# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
"""The compiled descent on CSR X: many steps per call, without the GIL."""

include "problem.pxi"

cdef extern from *:
    """
    #define KERNEL "csr.h"
    #include "instantiate.h"
    """
    ctypedef struct Rows:
        const void *data
        const void *indices
        const void *indptr
        int is_int64
        ptrdiff_t rows_per_block
    void run_f64(const Rows *, const Descent *, ptrdiff_t, ptrdiff_t, int) nogil
    void run_f32(const Rows *, const Descent *, ptrdiff_t, ptrdiff_t, int) nogil

ctypedef fused index:
    int32_t
    int64_t


def run(
    const floating[::1] data,
    const index[::1] indices,
    const index[::1] indptr,
    ptrdiff_t rows_per_block,
    kernel,
    state,
    workspace,
    ptrdiff_t begin,
    ptrdiff_t end,
    int n_threads,
):
    """Move a state from `begin` to `end`, which count the chunks of all passes."""
    cdef Rows rows
    cdef Descent descent = make_descent(kernel, state, workspace, indptr.shape[0] - 1, <floating>0)
    rows.data, rows.indices, rows.indptr = &data[0], &indices[0], &indptr[0]
    rows.is_int64, rows.rows_per_block = sizeof(index) == 8, rows_per_block
    with nogil:
        if floating is double:
            run_f64(&rows, &descent, begin, end, n_threads)
        else:
            run_f32(&rows, &descent, begin, end, n_threads)
