/* Rows of a CSR X, for one precision and both sizes of indices. */

#ifndef ROWS
#define ROWS
typedef struct {
    const void *data, *indices, *indptr;
    int wide; /* indices and indptr are of 64 bits */
} Rows;

/* `wide` is a constant where this is inlined. */
INLINE ptrdiff_t take(const void *integers, int wide, ptrdiff_t k)
{
    return wide ? ((const int64_t *)integers)[k] : ((const int32_t *)integers)[k];
}
#endif

#include "_step.h"

/* Four sums at a time, which do not wait for each other. */
INLINE REAL NAME(row_potential)(const Rows *rows, int wide, ptrdiff_t first, ptrdiff_t last,
                                const REAL *coef)
{
    const REAL *data = rows->data;
    REAL sums[4] = {0, 0, 0, 0};
    ptrdiff_t k = first;
    for (; k + 4 <= last; k += 4)
        for (int l = 0; l < 4; l++)
            sums[l] += data[k + l] * coef[take(rows->indices, wide, k + l)];
    for (; k < last; k++) sums[0] += data[k] * coef[take(rows->indices, wide, k)];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

INLINE void NAME(add_tiles)(const Rows *rows, int wide, const Layer *layer, ptrdiff_t first,
                            ptrdiff_t m, REAL *gradient, double *sums)
{
    const REAL *data = rows->data, *intercept = layer->intercept;
    REAL z[TILE_ROWS * LANES];
    ptrdiff_t ends[TILE_ROWS + 1];
    for (ptrdiff_t i = 0; i <= m; i++) ends[i] = take(rows->indptr, wide, first + i);
    for (ptrdiff_t tile = 0; tile < layer->n_tiles; tile++) {
        ptrdiff_t start = tile * LANES * layer->d;
        const REAL *coef = (const REAL *)layer->coef + start;
        for (ptrdiff_t i = 0; i < m; i++) {
            VEC sum = LOAD(intercept + tile * LANES);
            for (ptrdiff_t k = ends[i]; k < ends[i + 1]; k++)
                sum += data[k] * LOAD(coef + take(rows->indices, wide, k) * LANES);
            STORE(z + i * LANES, sum);
        }
        NAME(correct_tile)(layer, first, m, tile, z, sums);
        for (ptrdiff_t i = 0; i < m; i++) {
            VEC delta = LOAD(z + i * LANES);
            for (ptrdiff_t k = ends[i]; k < ends[i + 1]; k++) {
                REAL *g = gradient + start + take(rows->indices, wide, k) * LANES;
                STORE(g, LOAD(g) + data[k] * delta);
            }
        }
    }
}

INLINE void NAME(add_singles)(const Rows *rows, int wide, const Layer *layer,
                              ptrdiff_t first, ptrdiff_t m, REAL *gradient, double *sums)
{
    const REAL *data = rows->data, *intercept = layer->intercept;
    REAL z[SINGLE_ROWS];
    for (ptrdiff_t single = 0; single < layer->n_singles; single++) {
        ptrdiff_t column = layer->n_tiles * LANES + single;
        const REAL *coef = (const REAL *)layer->coef + column * layer->d;
        REAL *g = gradient + column * layer->d;
        ptrdiff_t start = take(rows->indptr, wide, first), k = start;
        for (ptrdiff_t i = 0; i < m; i++) {
            ptrdiff_t end = take(rows->indptr, wide, first + i + 1);
            z[i] = intercept[column] + NAME(row_potential)(rows, wide, k, end, coef);
            k = end;
        }
        for (ptrdiff_t i = m; i % LANES; i++) z[i] = 0;
        NAME(correct_single)(layer, first, m, single, z, sums);
        k = start;
        for (ptrdiff_t i = 0; i < m; i++) {
            ptrdiff_t end = take(rows->indptr, wide, first + i + 1);
            for (; k < end; k++) g[take(rows->indices, wide, k)] += data[k] * z[i];
        }
    }
}

/* The weights of a tile, and its gradient, are large: few rows at a time, so that they and
   their indices stay in the first-level cache. With one column these go through the cache
   anyway: many rows, so that weights and gradient take turns there. */
INLINE void NAME(add_rows)(const Rows *rows, int wide, const Layer *layer, ptrdiff_t first,
                           ptrdiff_t last, REAL *gradient, double *sums)
{
    if (layer->n_tiles)
        for (ptrdiff_t i = first; i < last; i += TILE_ROWS)
            NAME(add_tiles)(rows, wide, layer, i, last - i < TILE_ROWS ? last - i : TILE_ROWS,
                            gradient, sums);
    for (ptrdiff_t i = first; i < last; i += SINGLE_ROWS)
        NAME(add_singles)(rows, wide, layer, i,
                          last - i < SINGLE_ROWS ? last - i : SINGLE_ROWS, gradient, sums);
}

DISPATCHED static void NAME(add_sparse)(const Rows *rows, const Layer *layer,
                                        ptrdiff_t first, ptrdiff_t last, REAL *gradient,
                                        double *sums)
{
    if (rows->wide)
        NAME(add_rows)(rows, 1, layer, first, last, gradient, sums);
    else
        NAME(add_rows)(rows, 0, layer, first, last, gradient, sums);
}

static void NAME(add_chunk)(const Rows *rows, const Layer *layer, ptrdiff_t chunk)
{
    ptrdiff_t columns = layer->n_tiles * LANES + layer->n_singles;
    REAL *gradient = (REAL *)layer->gradients + chunk * layer->d * columns;
    double *sums = layer->sums + chunk * 2 * columns;
    memset(gradient, 0, layer->d * columns * sizeof(REAL));
    memset(sums, 0, 2 * columns * sizeof(double));
    NAME(add_sparse)(rows, layer, layer->bounds[chunk], layer->bounds[chunk + 1], gradient,
                    sums);
}
