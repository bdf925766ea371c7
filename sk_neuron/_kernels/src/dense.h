/* Rows of a dense X, for one precision. Either the features of a row are adjacent in memory
   (row-major), or the rows of a feature (column-major). */

#ifndef ROWS
#define ROWS
typedef struct {
    const void *x;
    ptrdiff_t row_stride, column_stride; /* in numbers; one of them is 1 */
    ptrdiff_t rows_per_block;
} Rows;
#endif

#include "descent.h"

/* z = x · w + b for a tile: coef is (d, LANES) and z (m, LANES) */
INLINE void NAME(predict_tile)(const REAL *x, ptrdiff_t stride, ptrdiff_t column_stride,
                               ptrdiff_t m, ptrdiff_t d, const REAL *coef,
                               const REAL *intercept, REAL *z)
{
    ptrdiff_t i = 0;
    for (; i + ROW_UNROLL <= m; i += ROW_UNROLL) {
        const REAL *y = x + i * stride;
        VEC sum[ROW_UNROLL];
        for (int r = 0; r < ROW_UNROLL; r++) sum[r] = LOAD(intercept);
        for (ptrdiff_t j = 0; j < d; j++, y += column_stride)
            for (int r = 0; r < ROW_UNROLL; r++) sum[r] += y[r * stride] * LOAD(coef + j * LANES);
        for (int r = 0; r < ROW_UNROLL; r++) STORE(z + (i + r) * LANES, sum[r]);
    }
    for (; i < m; i++) {
        VEC sum = LOAD(intercept);
        for (ptrdiff_t j = 0; j < d; j++)
            sum += x[i * stride + j * column_stride] * LOAD(coef + j * LANES);
        STORE(z + i * LANES, sum);
    }
}

/* gradient += delta x for a tile */
INLINE void NAME(add_tile_gradient)(const REAL *x, ptrdiff_t stride, ptrdiff_t column_stride,
                                    ptrdiff_t m, ptrdiff_t d, const REAL *delta, REAL *gradient)
{
    ptrdiff_t i = 0;
    for (; i + ROW_UNROLL <= m; i += ROW_UNROLL) {
        const REAL *y = x + i * stride;
        VEC s[ROW_UNROLL];
        for (int r = 0; r < ROW_UNROLL; r++) s[r] = LOAD(delta + (i + r) * LANES);
        for (ptrdiff_t j = 0; j < d; j++, y += column_stride) {
            VEC sum = LOAD(gradient + j * LANES);
            for (int r = 0; r < ROW_UNROLL; r++) sum += y[r * stride] * s[r];
            STORE(gradient + j * LANES, sum);
        }
    }
    for (; i < m; i++)
        for (ptrdiff_t j = 0; j < d; j++) {
            VEC sum = LOAD(gradient + j * LANES);
            sum += x[i * stride + j * column_stride] * LOAD(delta + i * LANES);
            STORE(gradient + j * LANES, sum);
        }
}

/* Return the last vector of coef. It overlaps the vector before it; only its last `rest` lanes
   are new, the others are 0. */
INLINE VEC NAME(last_lanes)(const REAL *coef, ptrdiff_t d, ptrdiff_t rest)
{
    REAL last[LANES] = {0};
    for (ptrdiff_t l = LANES - rest; l < LANES; l++) last[l] = coef[d - LANES + l];
    return LOAD(last);
}

/* Add neighbours: m rows of 2 * width sums become m rows of `width` sums. */
INLINE void NAME(halve_width)(const REAL *restrict from, REAL *restrict to, ptrdiff_t m, int width)
{
    for (ptrdiff_t i = 0; i < m; i++)
        for (int l = 0; l < width; l++)
            to[i * width + l] = from[i * 2 * width + l] + from[(i * 2 + 1) * width + l];
}

/* z = x · w + b for a remainder column and row-major X; zeros fill the last vector */
INLINE void NAME(predict_row_major)(const REAL *x, ptrdiff_t stride, ptrdiff_t m, ptrdiff_t d,
                                    const REAL *coef, REAL intercept, REAL *z)
{
    if (d < LANES) {
        for (ptrdiff_t i = 0; i < m; i++) {
            z[i] = intercept;
            for (ptrdiff_t j = 0; j < d; j++) z[i] += x[i * stride + j] * coef[j];
        }
        for (ptrdiff_t i = m; i % LANES; i++) z[i] = 0;
        return;
    }
    REAL sums[(BLOCK_ROWS + 4) * LANES], half[BLOCK_ROWS * LANES / 2];
    ptrdiff_t rest = d % LANES;
    VEC last = NAME(last_lanes)(coef, d, rest);
    for (ptrdiff_t i = 0; i < m; i += 4) {
        /* if fewer than 4 rows are left, repeat the last one: its extra sums are not used */
        const REAL *row[4];
        for (int r = 0; r < 4; r++) row[r] = x + (i + r < m ? i + r : m - 1) * stride;
        VEC sum[4] = {{0}, {0}, {0}, {0}};
        for (ptrdiff_t j = 0; j + LANES <= d; j += LANES) {
            VEC c = LOAD(coef + j);
            for (int r = 0; r < 4; r++) sum[r] += LOAD(row[r] + j) * c;
        }
        if (rest)
            for (int r = 0; r < 4; r++) sum[r] += LOAD(row[r] + d - LANES) * last;
        for (int r = 0; r < 4; r++) STORE(sums + (i + r) * LANES, sum[r]);
    }
    if (LANES == 16) {
        NAME(halve_width)(sums, half, m, 8);
        NAME(halve_width)(half, sums, m, 4);
        NAME(halve_width)(sums, half, m, 2);
    } else {
        NAME(halve_width)(sums, half, m, 4);
        NAME(halve_width)(half, sums, m, 2);
        memcpy(half, sums, m * 2 * sizeof(REAL));
    }
    for (ptrdiff_t i = 0; i < m; i++) z[i] = (half[2 * i] + half[2 * i + 1]) + intercept;
    for (ptrdiff_t i = m; i % LANES; i++) z[i] = 0;
}

/* Add delta x for n vectors of features; n is a constant after inlining. The last vector may
   overlap the one before: only its last `rest` lanes count. Odd and even rows have separate
   sums, so the processor adds them in parallel. */
INLINE void NAME(add_vectors)(int n, const REAL *x, ptrdiff_t stride, ptrdiff_t m,
                              const REAL *delta, ptrdiff_t last, int rest, REAL *gradient)
{
    VEC even[4] = {{0}}, odd[4] = {{0}};
    ptrdiff_t i = 0;
    for (; i + 2 <= m; i += 2)
        for (int v = 0; v < n; v++) {
            const REAL *y = x + i * stride + (v + 1 < n ? v * LANES : last);
            even[v] += LOAD(y) * delta[i];
            odd[v] += LOAD(y + stride) * delta[i + 1];
        }
    for (int v = 0; v < n; v++) {
        ptrdiff_t j = v + 1 < n ? v * LANES : last;
        if (i < m) even[v] += LOAD(x + i * stride + j) * delta[i];
        even[v] += odd[v];
        for (int l = v + 1 < n ? 0 : LANES - rest; l < LANES; l++) gradient[j + l] += even[v][l];
    }
}

/* gradient += delta x for a remainder column and row-major X */
INLINE void NAME(add_row_major_gradient)(const REAL *x, ptrdiff_t stride, ptrdiff_t m,
                                         ptrdiff_t d, const REAL *delta, REAL *gradient)
{
    if (d < LANES) {
        for (ptrdiff_t j = 0; j < d; j++) {
            REAL sum = 0;
            for (ptrdiff_t i = 0; i < m; i++) sum += x[i * stride + j] * delta[i];
            gradient[j] += sum;
        }
        return;
    }
    for (; d > 4 * LANES; d -= 4 * LANES, x += 4 * LANES, gradient += 4 * LANES)
        NAME(add_vectors)(4, x, stride, m, delta, 3 * LANES, LANES, gradient);
    int n = (int)((d + LANES - 1) / LANES), rest = (int)(d - (n - 1) * LANES);
    ptrdiff_t last = d - LANES; /* may be negative: then the vector begins before x */
    if (n == 1)
        NAME(add_vectors)(1, x, stride, m, delta, last, rest, gradient);
    else if (n == 2)
        NAME(add_vectors)(2, x, stride, m, delta, last, rest, gradient);
    else if (n == 3)
        NAME(add_vectors)(3, x, stride, m, delta, last, rest, gradient);
    else
        NAME(add_vectors)(4, x, stride, m, delta, last, rest, gradient);
}

/* z = x · w + b for a remainder column and column-major X */
INLINE void NAME(predict_column_major)(const REAL *x, ptrdiff_t stride, ptrdiff_t m, ptrdiff_t d,
                                       const REAL *coef, REAL intercept, REAL *z)
{
    ptrdiff_t i = 0;
    for (; i + 4 * LANES <= m; i += 4 * LANES) {
        VEC sum[4] = {{0}, {0}, {0}, {0}};
        for (ptrdiff_t j = 0; j < d; j++)
            for (int v = 0; v < 4; v++) sum[v] += LOAD(x + j * stride + i + v * LANES) * coef[j];
        for (int v = 0; v < 4; v++) STORE(z + i + v * LANES, sum[v] + intercept);
    }
    for (; i + LANES <= m; i += LANES) {
        VEC sum = {0};
        for (ptrdiff_t j = 0; j < d; j++) sum += LOAD(x + j * stride + i) * coef[j];
        STORE(z + i, sum + intercept);
    }
    for (; i < m; i++) {
        REAL sum = 0;
        for (ptrdiff_t j = 0; j < d; j++) sum += x[j * stride + i] * coef[j];
        z[i] = sum + intercept;
    }
    for (; i % LANES; i++) z[i] = 0;
}

/* gradient += delta x for a remainder column and column-major X */
INLINE void NAME(add_column_major_gradient)(const REAL *x, ptrdiff_t stride, ptrdiff_t m,
                                            ptrdiff_t d, const REAL *delta, REAL *gradient)
{
    for (ptrdiff_t j = 0; j < d; j++, x += stride) {
        VEC sum[4] = {{0}, {0}, {0}, {0}};
        ptrdiff_t i = 0;
        for (; i + 4 * LANES <= m; i += 4 * LANES)
            for (int v = 0; v < 4; v++)
                sum[v] += LOAD(x + i + v * LANES) * LOAD(delta + i + v * LANES);
        for (; i + LANES <= m; i += LANES) sum[0] += LOAD(x + i) * LOAD(delta + i);
        gradient[j] += NAME(sum_lanes)((sum[0] + sum[1]) + (sum[2] + sum[3]));
        for (; i < m; i++) gradient[j] += x[i] * delta[i];
    }
}

INLINE void NAME(predict)(const Rows *rows, const Descent *descent, ptrdiff_t first, ptrdiff_t m,
                          ptrdiff_t column, ptrdiff_t end, REAL *z, ptrdiff_t stride)
{
    ptrdiff_t d = descent->d, tiled = descent->n_tiles * LANES;
    const REAL *x = (const REAL *)rows->x + first * rows->row_stride;
    const REAL *coef = descent->coef, *intercept = descent->intercept;
    REAL tile[BLOCK_ROWS * LANES];
    while (column < end) {
        const REAL *c = coef + column * d;
        if (column < tiled) {
            NAME(predict_tile)(x, rows->row_stride, rows->column_stride, m, d, c,
                               intercept + column, tile);
            NAME(unpack_tile)(tile, m, z, stride);
            column += LANES, z += LANES * stride;
            continue;
        }
        if (rows->row_stride == 1)
            NAME(predict_column_major)(x, rows->column_stride, m, d, c, intercept[column], z);
        else
            NAME(predict_row_major)(x, rows->row_stride, m, d, c, intercept[column], z);
        column++, z += stride;
    }
}

INLINE void NAME(add_gradient)(const Rows *rows, const Descent *descent, ptrdiff_t first,
                               ptrdiff_t m, ptrdiff_t column, ptrdiff_t end, const REAL *delta,
                               ptrdiff_t stride, REAL *gradient)
{
    ptrdiff_t d = descent->d, tiled = descent->n_tiles * LANES;
    const REAL *x = (const REAL *)rows->x + first * rows->row_stride;
    REAL tile[BLOCK_ROWS * LANES];
    while (column < end) {
        REAL *g = gradient + column * d;
        if (column < tiled) {
            NAME(pack_tile)(delta, stride, m, tile);
            NAME(add_tile_gradient)(x, rows->row_stride, rows->column_stride, m, d, tile, g);
            column += LANES, delta += LANES * stride;
            continue;
        }
        if (rows->row_stride == 1)
            NAME(add_column_major_gradient)(x, rows->column_stride, m, d, delta, g);
        else
            NAME(add_row_major_gradient)(x, rows->row_stride, m, d, delta, g);
        column++, delta += stride;
    }
}

DISPATCHED static void NAME(add_chunk)(const Rows *rows, const Descent *descent, ptrdiff_t chunk,
                                       int is_stored, REAL *scratch)
{
    NAME(add_blocks)(rows, descent, chunk, is_stored, scratch);
}

/* Store the raw predictions of some rows, tile by tile, so that no scratch memory is needed. */
DISPATCHED static void NAME(predict_dense)(const Rows *rows, const Descent *descent,
                                           ptrdiff_t first, ptrdiff_t last)
{
    ptrdiff_t columns = descent->n_tiles * LANES + descent->n_remainder, m;
    REAL z[COLUMN_MAJOR_ROWS * LANES];
    for (; first < last; first += m) {
        m = last - first < rows->rows_per_block ? last - first : rows->rows_per_block;
        for (ptrdiff_t column = 0; column < columns; column += LANES) {
            ptrdiff_t end = column + LANES < columns ? column + LANES : columns;
            NAME(predict)(rows, descent, first, m, column, end, z, COLUMN_MAJOR_ROWS);
            NAME(store_raw_prediction)(descent, column, end, first, m, z, COLUMN_MAJOR_ROWS);
        }
    }
}

static void NAME(raw_prediction)(const Rows *rows, const Descent *descent, int n_threads)
{
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(n_threads) if (n_threads > 1)
#endif
    for (ptrdiff_t chunk = 0; chunk < descent->n_chunks; chunk++)
        NAME(predict_dense)(rows, descent, descent->chunk_offsets[chunk],
                            descent->chunk_offsets[chunk + 1]);
}

/* Fill in norms (n) with the sum of the squares of each row, in float64. */
DISPATCHED static void NAME(fill_norms)(const Rows *rows, ptrdiff_t d, ptrdiff_t first,
                                        ptrdiff_t last, double *restrict norms)
{
    const REAL *x = rows->x;
    if (rows->row_stride == 1) {
        memset(norms + first, 0, (last - first) * sizeof(double));
        for (ptrdiff_t j = 0; j < d; j++)
            for (ptrdiff_t i = first; i < last; i++) {
                double value = x[j * rows->column_stride + i];
                norms[i] += value * value;
            }
        return;
    }
    for (ptrdiff_t i = first; i < last; i++) {
        const REAL *y = x + i * rows->row_stride;
        double sums[LANES] = {0}, sum = 0;
        ptrdiff_t j = 0;
        for (; j + LANES <= d; j += LANES)
            for (int l = 0; l < LANES; l++) sums[l] += (double)y[j + l] * y[j + l];
        for (; j < d; j++) sum += (double)y[j] * y[j];
        for (int l = 0; l < LANES; l++) sum += sums[l];
        norms[i] = sum;
    }
}

static void NAME(norms)(const Rows *rows, ptrdiff_t d, const ptrdiff_t *offsets,
                        ptrdiff_t n_chunks, double *norms, int n_threads)
{
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(n_threads) if (n_threads > 1)
#endif
    for (ptrdiff_t chunk = 0; chunk < n_chunks; chunk++)
        NAME(fill_norms)(rows, d, offsets[chunk], offsets[chunk + 1], norms);
}
