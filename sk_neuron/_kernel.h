/* One step of the update rule in one pass over the rows of X, for one precision.

   Included once for each REAL, with the function EXP(x), NAME(name) to tell the two
   apart, and vectors VEC of LANES reals. A block of rows stays in the first-level cache
   from its potentials to its gradient, and serves all columns there. One column is
   computed along the features; more go in tiles of LANES columns, filled up with columns
   of weight 0, so that a number of X meets a whole vector of coef.

   `signed_weight` (rows, columns) holds the weight of a row, negative where the target is
   0: a target of a row without weight does not matter. */

/* z = x · w + b of LANES columns; coef and z are (d, LANES) and (rows, LANES) */
INLINE void NAME(tile_potential)(const REAL *x, ptrdiff_t rows, ptrdiff_t d,
                                 const REAL *coef, const REAL *intercept, REAL *z)
{
    VEC b = LOAD(intercept);
    ptrdiff_t i = 0;
    for (; i + 6 <= rows; i += 6) {
        const REAL *y = x + i * d;
        VEC z0 = b, z1 = b, z2 = b, z3 = b, z4 = b, z5 = b;
        for (ptrdiff_t j = 0; j < d; j++, y++) {
            VEC c = LOAD(coef + j * LANES);
            z0 += y[0] * c;
            z1 += y[d] * c;
            z2 += y[2 * d] * c;
            z3 += y[3 * d] * c;
            z4 += y[4 * d] * c;
            z5 += y[5 * d] * c;
        }
        STORE(z + i * LANES, z0);
        STORE(z + (i + 1) * LANES, z1);
        STORE(z + (i + 2) * LANES, z2);
        STORE(z + (i + 3) * LANES, z3);
        STORE(z + (i + 4) * LANES, z4);
        STORE(z + (i + 5) * LANES, z5);
    }
    for (; i < rows; i++) {
        VEC z0 = b;
        for (ptrdiff_t j = 0; j < d; j++) z0 += x[i * d + j] * LOAD(coef + j * LANES);
        STORE(z + i * LANES, z0);
    }
}

/* gradient += delta x of LANES columns */
INLINE void NAME(tile_gradient)(const REAL *x, ptrdiff_t rows, ptrdiff_t d,
                                const REAL *delta, REAL *gradient)
{
    ptrdiff_t i = 0;
    for (; i + 6 <= rows; i += 6) {
        const REAL *y = x + i * d;
        VEC s0 = LOAD(delta + i * LANES), s1 = LOAD(delta + (i + 1) * LANES),
            s2 = LOAD(delta + (i + 2) * LANES), s3 = LOAD(delta + (i + 3) * LANES),
            s4 = LOAD(delta + (i + 4) * LANES), s5 = LOAD(delta + (i + 5) * LANES);
        for (ptrdiff_t j = 0; j < d; j++, y++) {
            VEC g = LOAD(gradient + j * LANES);
            g += y[0] * s0;
            g += y[d] * s1;
            g += y[2 * d] * s2;
            g += y[3 * d] * s3;
            g += y[4 * d] * s4;
            g += y[5 * d] * s5;
            STORE(gradient + j * LANES, g);
        }
    }
    for (; i < rows; i++)
        for (ptrdiff_t j = 0; j < d; j++) {
            VEC g = LOAD(gradient + j * LANES) + x[i * d + j] * LOAD(delta + i * LANES);
            STORE(gradient + j * LANES, g);
        }
}

/* z = x · w + b of one column */
INLINE void NAME(column_potential)(const REAL *x, ptrdiff_t rows, ptrdiff_t d,
                                   const REAL *coef, const REAL *intercept, REAL *z)
{
    for (ptrdiff_t i = 0; i < rows; i += 4) {
        /* the last rows may be fewer: then the last one is taken more than once */
        const REAL *row[4];
        for (int r = 0; r < 4; r++) row[r] = x + (i + r < rows ? i + r : rows - 1) * d;
        VEC sum[4] = {{0}, {0}, {0}, {0}};
        REAL rest[4] = {0, 0, 0, 0};
        ptrdiff_t j = 0;
        for (; j + LANES <= d; j += LANES) {
            VEC c = LOAD(coef + j);
            for (int r = 0; r < 4; r++) sum[r] += LOAD(row[r] + j) * c;
        }
        for (; j < d; j++)
            for (int r = 0; r < 4; r++) rest[r] += row[r][j] * coef[j];
        for (int r = 0; r < 4 && i + r < rows; r++) {
            for (int l = 0; l < LANES; l++) rest[r] += sum[r][l];
            z[i + r] = rest[r] + intercept[0];
        }
    }
}

/* gradient += delta x of one column */
INLINE void NAME(column_gradient)(const REAL *x, ptrdiff_t rows, ptrdiff_t d,
                                  const REAL *delta, REAL *gradient)
{
    for (ptrdiff_t i = 0; i < rows; i += 4) {
        const REAL *row[4];
        REAL s[4];
        for (int r = 0; r < 4; r++) {
            row[r] = x + (i + r < rows ? i + r : rows - 1) * d;
            s[r] = i + r < rows ? delta[i + r] : 0;
        }
        ptrdiff_t j = 0;
        for (; j + LANES <= d; j += LANES) {
            VEC g = LOAD(gradient + j);
            for (int r = 0; r < 4; r++) g += LOAD(row[r] + j) * s[r];
            STORE(gradient + j, g);
        }
        for (; j < d; j++)
            for (int r = 0; r < 4; r++) gradient[j] += row[r][j] * s[r];
    }
}

/* From potentials to deltas, in place, and the squared error of each element. */
INLINE void NAME(correct)(REAL *restrict z, const REAL *restrict signed_weight,
                          ptrdiff_t size, REAL *restrict squared_error)
{
    for (ptrdiff_t k = 0; k < size; k++) {
        REAL weight = signed_weight[k];
        REAL target = weight > 0 ? 1 : 0;
        weight = weight > 0 ? weight : -weight;
        REAL output = 1 / (1 + NAME(EXP)(-z[k]));
        REAL error = target - output;
        REAL delta = weight * error;
        squared_error[k] = delta * error;
        z[k] = delta * output * (1 - output);
    }
}

/* sum[c] += values[i * width + c] over all i; LANES is a multiple of width */
INLINE void NAME(add_rows)(const REAL *values, ptrdiff_t size, int width, double *sum)
{
    REAL part[LANES] = {0};
    ptrdiff_t k = 0;
    for (; k + LANES <= size; k += LANES)
        for (int l = 0; l < LANES; l++) part[l] += values[k + l];
    for (int l = 0; l < LANES; l++) sum[l % width] += part[l];
    for (; k < size; k++) sum[k % width] += values[k];
}

/* Add what some rows give to the gradient, its intercept and the squared error.
   coef and gradient are (columns / width, d, width). */
INLINE void NAME(add_rows_of_width)(int width, const REAL *x, ptrdiff_t rows, ptrdiff_t d,
                                    ptrdiff_t columns, const REAL *signed_weight,
                                    const REAL *coef, const REAL *intercept,
                                    REAL *gradient, double *d_intercept,
                                    double *squared_error)
{
    REAL z[TILE_ROWS * LANES], s[TILE_ROWS * LANES], error[TILE_ROWS * LANES];
    ptrdiff_t fit = FIRST_CACHE / (d * (ptrdiff_t)sizeof(REAL)) / 12 * 12;
    ptrdiff_t tile_rows = fit < 12 ? 12 : fit > TILE_ROWS ? TILE_ROWS : fit;
    for (ptrdiff_t first = 0; first < rows; first += tile_rows) {
        ptrdiff_t m = rows - first < tile_rows ? rows - first : tile_rows;
        const REAL *block = x + first * d;
        for (ptrdiff_t column = 0; column < columns; column += width) {
            const REAL *from = signed_weight + first * columns + column;
            for (ptrdiff_t i = 0; i < m; i++)
                for (int k = 0; k < width; k++) s[i * width + k] = from[i * columns + k];
            const REAL *c = coef + column * d, *b = intercept + column;
            if (width == 1)
                NAME(column_potential)(block, m, d, c, b, z);
            else
                NAME(tile_potential)(block, m, d, c, b, z);
            NAME(correct)(z, s, m * width, error);
            if (width == 1)
                NAME(column_gradient)(block, m, d, z, gradient + column * d);
            else
                NAME(tile_gradient)(block, m, d, z, gradient + column * d);
            NAME(add_rows)(z, m * width, width, d_intercept + column);
            NAME(add_rows)(error, m * width, width, squared_error + column);
        }
    }
}

DISPATCHED static void NAME(add_directions)(int width, const REAL *x, ptrdiff_t rows,
                                            ptrdiff_t d, ptrdiff_t columns,
                                            const REAL *signed_weight, const REAL *coef,
                                            const REAL *intercept, REAL *gradient,
                                            double *d_intercept, double *squared_error)
{
    if (width == 1)
        NAME(add_rows_of_width)(1, x, rows, d, columns, signed_weight, coef, intercept,
                                gradient, d_intercept, squared_error);
    else
        NAME(add_rows_of_width)(LANES, x, rows, d, columns, signed_weight, coef, intercept,
                                gradient, d_intercept, squared_error);
}

/* z (rows, columns) = the potentials of some rows. */
DISPATCHED static void NAME(fill_potential)(int width, const REAL *x, ptrdiff_t rows,
                                            ptrdiff_t d, ptrdiff_t columns,
                                            const REAL *coef, const REAL *intercept,
                                            REAL *z)
{
    REAL tile[TILE_ROWS * LANES];
    for (ptrdiff_t first = 0; first < rows; first += TILE_ROWS) {
        ptrdiff_t m = rows - first < TILE_ROWS ? rows - first : TILE_ROWS;
        for (ptrdiff_t column = 0; column < columns; column += width) {
            const REAL *c = coef + column * d, *b = intercept + column;
            if (width == 1)
                NAME(column_potential)(x + first * d, m, d, c, b, tile);
            else
                NAME(tile_potential)(x + first * d, m, d, c, b, tile);
            for (ptrdiff_t i = 0; i < m; i++)
                for (int k = 0; k < width; k++)
                    z[(first + i) * columns + column + k] = tile[i * width + k];
        }
    }
}

static void NAME(potential)(const REAL *x, ptrdiff_t n, ptrdiff_t d, ptrdiff_t columns,
                            int width, const REAL *coef, const REAL *intercept, REAL *z,
                            int n_threads)
{
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(n_threads) if (n_threads > 1)
#endif
    for (ptrdiff_t first = 0; first < n; first += CHUNK_ROWS) {
        ptrdiff_t rows = n - first < CHUNK_ROWS ? n - first : CHUNK_ROWS;
        NAME(fill_potential)(width, x + first * d, rows, d, columns, coef, intercept,
                             z + first * columns);
    }
}

/* Take n_steps steps. coef (columns / width, d, width) and intercept (columns) are moved;
   squared_error is (n_steps, columns). Rows go in chunks whose number depends on their
   number alone, and whose sums are added in their order: so the number of threads does
   not change a bit of the result. Returns -1 where memory is short, with nothing moved. */
static int NAME(advance)(const REAL *x, ptrdiff_t n, ptrdiff_t d, ptrdiff_t columns,
                         int width, const REAL *signed_weight, const double *rate,
                         const double *alpha, int fit_intercept, REAL *coef,
                         REAL *intercept, double *squared_error, ptrdiff_t n_steps,
                         int n_threads)
{
    ptrdiff_t chunk_rows = (n + MOST_CHUNKS - 1) / MOST_CHUNKS;
    if (chunk_rows < CHUNK_ROWS) chunk_rows = CHUNK_ROWS;
    if (chunk_rows < d) chunk_rows = d; /* no more memory for gradients than for rows */
    ptrdiff_t n_chunks = (n + chunk_rows - 1) / chunk_rows, size = d * columns;
    REAL *gradients = malloc((size_t)n_chunks * size * sizeof(REAL));
    double *sums = malloc((size_t)n_chunks * 2 * columns * sizeof(double));
    if (!gradients || !sums) {
        free(gradients);
        free(sums);
        return -1;
    }
    for (ptrdiff_t step = 0; step < n_steps; step++) {
#ifdef _OPENMP
#pragma omp parallel for schedule(static) num_threads(n_threads) if (n_threads > 1)
#endif
        for (ptrdiff_t chunk = 0; chunk < n_chunks; chunk++) {
            ptrdiff_t first = chunk * chunk_rows;
            ptrdiff_t rows = n - first < chunk_rows ? n - first : chunk_rows;
            REAL *gradient = gradients + chunk * size;
            double *sum = sums + chunk * 2 * columns;
            memset(gradient, 0, size * sizeof(REAL));
            memset(sum, 0, 2 * columns * sizeof(double));
            NAME(add_directions)(width, x + first * d, rows, d, columns,
                                 signed_weight + first * columns, coef, intercept,
                                 gradient, sum, sum + columns);
        }
        for (ptrdiff_t chunk = 1; chunk < n_chunks; chunk++) {
            for (ptrdiff_t k = 0; k < size; k++) gradients[k] += gradients[chunk * size + k];
            for (ptrdiff_t k = 0; k < 2 * columns; k++)
                sums[k] += sums[chunk * 2 * columns + k];
        }
        for (ptrdiff_t k = 0; k < size; k++) {
            ptrdiff_t column = k / (d * width) * width + k % width;
            coef[k] += rate[column] * (gradients[k] - alpha[column] * coef[k]);
        }
        for (ptrdiff_t column = 0; column < columns; column++) {
            if (fit_intercept) intercept[column] += rate[column] * sums[column];
            squared_error[step * columns + column] = sums[columns + column];
        }
    }
    free(gradients);
    free(sums);
    return 0;
}
