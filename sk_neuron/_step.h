/* A step of the update rule, whatever holds the rows of X, for one precision.

   Rows go in chunks that depend on the data alone, and the sums of the chunks are added in
   their order: so the number of threads does not change a bit of the result. */

/* Fill in the gradient and the sums of a chunk of rows. */
static void NAME(add_chunk)(const Rows *rows, const Layer *layer, ptrdiff_t chunk);

/* In two steps, for which processors have instructions. */
INLINE VEC NAME(convert)(const int8_t *signs)
{
    typedef int8_t BYTES __attribute__((vector_size(LANES), aligned(1), may_alias));
    typedef int32_t INTEGERS __attribute__((vector_size(4 * LANES)));
    return __builtin_convertvector(
        __builtin_convertvector(*(const BYTES *)signs, INTEGERS), VEC);
}

/* Fill in s (m, LANES) with the signed weights of rows in a tile. */
INLINE void NAME(sign_tile)(const Layer *layer, ptrdiff_t first, ptrdiff_t m,
                            ptrdiff_t tile, REAL *s)
{
    const REAL *weight = layer->weight, *weights = layer->weights;
    ptrdiff_t width = layer->n_tiles * LANES, start = first * width + tile * LANES;
    for (ptrdiff_t i = 0; i < m; i++, start += width) {
        VEC y = NAME(convert)(layer->signs + start);
        STORE(s + i * LANES, weights ? y * LOAD(weights + start) : y * weight[first + i]);
    }
}

/* Fill in s with the signed weights of rows in a single, and the last vector with 0. */
INLINE void NAME(sign_single)(const Layer *layer, ptrdiff_t first, ptrdiff_t m,
                              ptrdiff_t single, REAL *s)
{
    ptrdiff_t tiles = layer->n * layer->n_tiles * LANES;
    const int8_t *signs = layer->signs + tiles + single * layer->n + first;
    const REAL *weight = layer->weight, *weights = layer->weights;
    weight = weights ? weights + tiles + single * layer->n + first : weight + first;
    ptrdiff_t i = 0;
    for (; i + LANES <= m; i += LANES)
        STORE(s + i, NAME(convert)(signs + i) * LOAD(weight + i));
    if (i < m) {
        VEC rest = {0};
        for (int l = 0; l < LANES; l++)
            if (i + l < m) rest[l] = signs[i + l] * weight[i + l];
        STORE(s + i, rest);
    }
}

INLINE REAL NAME(add_lanes)(VEC lanes)
{
    typedef REAL HALF __attribute__((vector_size(32), aligned(4), may_alias));
    typedef REAL QUARTER __attribute__((vector_size(16), aligned(4), may_alias));
    HALF half = *(HALF *)&lanes + *((HALF *)&lanes + 1);
    QUARTER quarter = *(QUARTER *)&half + *((QUARTER *)&half + 1);
    REAL sum = quarter[0] + quarter[1];
    if (LANES == 16) sum += quarter[LANES / 4 - 2] + quarter[LANES / 4 - 1];
    return sum;
}

/* From potentials z to deltas in place, and their sums and those of the squared error in
   each lane. `size` is a multiple of LANES.

   With y = 1 for a target of 1 and -1 for 0, |t - o| is m = 1 / (1 + e) for e = exp(y z), and
   1 - m is e m, so that delta = s (t - o) o (1 - o) = y s m (e m) m. */
INLINE void NAME(correct)(REAL *restrict z, const REAL *restrict signed_weight,
                          ptrdiff_t size, VEC *delta_sum, VEC *error_sum)
{
    VEC deltas = {0}, errors = {0};
    for (ptrdiff_t k = 0; k < size; k += LANES) {
        REAL squared_error[LANES];
        for (int l = 0; l < LANES; l++) {
            REAL ys = signed_weight[k + l];
            REAL e = EXP(ys > 0 ? z[k + l] : -z[k + l]);
            REAL m = 1 / (1 + e), m2 = m * m;
            squared_error[l] = (ys > 0 ? ys : -ys) * m2;
            z[k + l] = ys * m2 * (e * m);
        }
        deltas += LOAD(z + k);
        errors += LOAD(squared_error);
    }
    *delta_sum = deltas;
    *error_sum = errors;
}

/* `correct` for rows of a tile; the sums are added to those of the tile's columns. */
INLINE void NAME(correct_tile)(const Layer *layer, ptrdiff_t first, ptrdiff_t m,
                               ptrdiff_t tile, REAL *z, double *sums)
{
    REAL s[TILE_ROWS * LANES];
    VEC delta_sum, error_sum;
    ptrdiff_t columns = layer->n_tiles * LANES + layer->n_singles;
    NAME(sign_tile)(layer, first, m, tile, s);
    NAME(correct)(z, s, m * LANES, &delta_sum, &error_sum);
    for (int l = 0; l < LANES; l++) {
        sums[tile * LANES + l] += delta_sum[l];
        sums[columns + tile * LANES + l] += error_sum[l];
    }
}

/* `correct` for rows of a single. */
INLINE void NAME(correct_single)(const Layer *layer, ptrdiff_t first, ptrdiff_t m,
                                 ptrdiff_t single, REAL *z, double *sums)
{
    REAL s[SINGLE_ROWS];
    VEC delta_sum, error_sum;
    ptrdiff_t column = layer->n_tiles * LANES + single;
    ptrdiff_t columns = layer->n_tiles * LANES + layer->n_singles;
    ptrdiff_t size = (m + LANES - 1) / LANES * LANES;
    NAME(sign_single)(layer, first, m, single, s);
    NAME(correct)(z, s, size, &delta_sum, &error_sum);
    sums[column] += NAME(add_lanes)(delta_sum);
    sums[columns + column] += NAME(add_lanes)(error_sum);
}

/* Move the weights of the features from `first` to `last`. */
DISPATCHED static void NAME(move_coef)(const Layer *layer, ptrdiff_t step, ptrdiff_t first,
                                       ptrdiff_t last)
{
    ptrdiff_t d = layer->d;
    ptrdiff_t size = d * (layer->n_tiles * LANES + layer->n_singles);
    for (ptrdiff_t part = 0; part < layer->n_tiles + layer->n_singles; part++) {
        int is_tile = part < layer->n_tiles;
        int width = is_tile ? LANES : 1;
        ptrdiff_t column = is_tile ? part * LANES
                                   : layer->n_tiles * LANES + part - layer->n_tiles;
        ptrdiff_t start = column * d + first * width, n = (last - first) * width;
        REAL *restrict gradient = (REAL *)layer->gradients + start;
        REAL *restrict coef = (REAL *)layer->coef + start;
        const double *rate = layer->rate + column, *alpha = layer->alpha + column;
        for (ptrdiff_t chunk = 1; chunk < layer->n_chunks; chunk++) {
            const REAL *more = gradient + chunk * size;
            for (ptrdiff_t k = 0; k < n; k++) gradient[k] += more[k];
        }
        if (is_tile)
            for (ptrdiff_t k = 0; k < n; k += LANES)
                for (int l = 0; l < LANES; l++)
                    coef[k + l] += rate[l] * (gradient[k + l] - alpha[l] * coef[k + l]);
        else
            for (ptrdiff_t k = 0; k < n; k++)
                coef[k] += rate[0] * (gradient[k] - alpha[0] * coef[k]);
        if (layer->coefs)
            memcpy((REAL *)layer->coefs + step * size + start, coef, n * sizeof(REAL));
    }
}

/* Add the sums of all chunks, and move the intercepts by them. */
static void NAME(move_intercept)(const Layer *layer, ptrdiff_t step)
{
    ptrdiff_t columns = layer->n_tiles * LANES + layer->n_singles;
    REAL *intercept = layer->intercept;
    for (ptrdiff_t chunk = 1; chunk < layer->n_chunks; chunk++)
        for (ptrdiff_t k = 0; k < 2 * columns; k++)
            layer->sums[k] += layer->sums[chunk * 2 * columns + k];
    for (ptrdiff_t column = 0; column < columns; column++) {
        if (layer->fit_intercept)
            intercept[column] += layer->rate[column] * layer->sums[column];
        layer->squared_error[step * columns + column] = layer->sums[columns + column];
    }
    if (layer->intercepts)
        memcpy((REAL *)layer->intercepts + step * columns, intercept, columns * sizeof(REAL));
}

/* Do the share of one of n threads between two places in the descent, which are counted in
   chunks since its start. */
static void NAME(share)(const Rows *rows, const Layer *layer, ptrdiff_t place, ptrdiff_t end,
                        ptrdiff_t thread, ptrdiff_t n, Meeting *meeting)
{
    ptrdiff_t n_chunks = layer->n_chunks, d = layer->d;
    for (ptrdiff_t step = place / n_chunks; step * n_chunks < end; step++) {
        ptrdiff_t begin = step * n_chunks;
        ptrdiff_t first = place > begin ? place - begin : 0;
        ptrdiff_t left = (end - begin < n_chunks ? end - begin : n_chunks) - first;
        ptrdiff_t last = first + left * (thread + 1) / n;
        for (ptrdiff_t chunk = first + left * thread / n; chunk < last; chunk++)
            NAME(add_chunk)(rows, layer, chunk);
        if (first + left < n_chunks) return;
        meet(meeting, n);
        for (ptrdiff_t j = thread * MOVED; j < d; j += n * MOVED)
            NAME(move_coef)(layer, step, j, d - j < MOVED ? d : j + MOVED);
        if (thread == 0) NAME(move_intercept)(layer, step);
        meet(meeting, n);
    }
}

static void NAME(advance)(const Rows *rows, const Layer *layer, ptrdiff_t place,
                          ptrdiff_t end, int n_threads)
{
    Meeting meeting = {0, 0};
#ifdef _OPENMP
    if (n_threads > 1) {
#pragma omp parallel num_threads(n_threads)
        NAME(share)(rows, layer, place, end, omp_get_thread_num(), omp_get_num_threads(),
                    &meeting);
        return;
    }
#endif
    NAME(share)(rows, layer, place, end, 0, 1, &meeting);
}
