/* Rows of a CSR X, for one precision and both sizes of indices. */

#ifndef ROWS
#define ROWS
typedef struct {
    const void *data, *indices, *indptr;
    int is_int64; /* the type of indices and indptr is int64_t, else int32_t */
    ptrdiff_t rows_per_block;
} Rows;

INLINE ptrdiff_t get_index(const void *integers, int is_int64, ptrdiff_t k)
{
    return is_int64 ? ((const int64_t *)integers)[k] : ((const int32_t *)integers)[k];
}
#endif

#include "descent.h"

/* Return x · w of a row. Four sums are independent, so the processor adds them in parallel. */
INLINE REAL NAME(row_product)(const Rows *rows, ptrdiff_t first, ptrdiff_t last, const REAL *coef)
{
    const REAL *data = rows->data;
    REAL sums[4] = {0, 0, 0, 0};
    ptrdiff_t k = first;
    for (; k + 4 <= last; k += 4)
        for (int l = 0; l < 4; l++)
            sums[l] += data[k + l] * coef[get_index(rows->indices, rows->is_int64, k + l)];
    for (; k < last; k++) sums[0] += data[k] * coef[get_index(rows->indices, rows->is_int64, k)];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

INLINE void NAME(predict)(const Rows *rows, const Descent *descent, ptrdiff_t first, ptrdiff_t m,
                          ptrdiff_t column, ptrdiff_t end, REAL *z, ptrdiff_t stride)
{
    ptrdiff_t d = descent->d, tiled = descent->n_tiles * LANES;
    const REAL *data = rows->data, *intercept = descent->intercept;
    REAL tile[BLOCK_ROWS * LANES];
    while (column < end) {
        const REAL *coef = (const REAL *)descent->coef + column * d;
        ptrdiff_t k = get_index(rows->indptr, rows->is_int64, first);
        for (ptrdiff_t i = 0; i < m; i++) {
            ptrdiff_t stop = get_index(rows->indptr, rows->is_int64, first + i + 1);
            if (column < tiled) {
                VEC sum = LOAD(intercept + column);
                for (; k < stop; k++)
                    sum += data[k]
                           * LOAD(coef + get_index(rows->indices, rows->is_int64, k) * LANES);
                STORE(tile + i * LANES, sum);
            } else
                z[i] = intercept[column] + NAME(row_product)(rows, k, stop, coef);
            k = stop;
        }
        ptrdiff_t width = column < tiled ? LANES : 1;
        if (column < tiled)
            NAME(unpack_tile)(tile, m, z, stride);
        else
            for (ptrdiff_t i = m; i % LANES; i++) z[i] = 0;
        column += width, z += width * stride;
    }
}

INLINE void NAME(add_gradient)(const Rows *rows, const Descent *descent, ptrdiff_t first,
                               ptrdiff_t m, ptrdiff_t column, ptrdiff_t end, const REAL *delta,
                               ptrdiff_t stride, REAL *gradient)
{
    ptrdiff_t d = descent->d, tiled = descent->n_tiles * LANES;
    const REAL *data = rows->data;
    REAL tile[BLOCK_ROWS * LANES];
    while (column < end) {
        REAL *g = gradient + column * d;
        ptrdiff_t width = column < tiled ? LANES : 1;
        if (column < tiled) NAME(pack_tile)(delta, stride, m, tile);
        ptrdiff_t k = get_index(rows->indptr, rows->is_int64, first);
        for (ptrdiff_t i = 0; i < m; i++) {
            ptrdiff_t stop = get_index(rows->indptr, rows->is_int64, first + i + 1);
            if (column < tiled) {
                VEC row_delta = LOAD(tile + i * LANES);
                for (; k < stop; k++) {
                    REAL *at = g + get_index(rows->indices, rows->is_int64, k) * LANES;
                    STORE(at, LOAD(at) + data[k] * row_delta);
                }
            } else
                for (; k < stop; k++)
                    g[get_index(rows->indices, rows->is_int64, k)] += data[k] * delta[i];
        }
        column += width, delta += width * stride;
    }
}

/* In each branch `is_int64` is a constant, so the compiler makes loops for each index size. */
DISPATCHED static void NAME(add_chunk)(const Rows *rows, const Descent *descent, ptrdiff_t chunk,
                                       int is_stored, REAL *scratch)
{
    Rows known = *rows;
    if (rows->is_int64) {
        known.is_int64 = 1;
        NAME(add_blocks)(&known, descent, chunk, is_stored, scratch);
    } else {
        known.is_int64 = 0;
        NAME(add_blocks)(&known, descent, chunk, is_stored, scratch);
    }
}
