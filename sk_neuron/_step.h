/* A pass over X and the step that follows, whatever holds the rows, for one precision.

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

/* Take alpha w from `count` gradients side by side, and add to squared norms in each lane: of
   the change since the kept gradient, of the gradient, of w. */
INLINE void NAME(add_norms)(int count, REAL *restrict gradient, const REAL *restrict coef,
                            const REAL *restrict kept, const double *alpha,
                            const double *scale, double *restrict change,
                            double *restrict norm, double *restrict size)
{
    for (int l = 0; l < count; l++) {
        gradient[l] -= alpha[l] * coef[l];
        double g = scale[l] * gradient[l], c = g - scale[l] * kept[l], w = coef[l];
        change[l] += c * c;
        norm[l] += g * g;
        size[l] += w * w;
    }
}

/* Find the gradient of a block of features: add up those of the chunks, with the decay, and
   fill in its squared norms. */
DISPATCHED static void NAME(add_up_gradient)(const Layer *layer, ptrdiff_t block)
{
    ptrdiff_t d = layer->d, columns = layer->n_tiles * LANES + layer->n_singles;
    ptrdiff_t first = block * BLOCK, last = d - first < BLOCK ? d : first + BLOCK;
    for (ptrdiff_t part = 0; part < layer->n_tiles + layer->n_singles; part++) {
        int is_tile = part < layer->n_tiles, width = is_tile ? LANES : 1;
        ptrdiff_t column = is_tile ? part * LANES
                                   : layer->n_tiles * LANES + part - layer->n_tiles;
        ptrdiff_t start = column * d + first * width, n = (last - first) * width;
        REAL *restrict gradient = (REAL *)layer->gradients + start;
        for (ptrdiff_t chunk = 1; chunk < layer->n_chunks; chunk++) {
            const REAL *more = gradient + chunk * d * columns;
            for (ptrdiff_t k = 0; k < n; k++) gradient[k] += more[k];
        }
        const REAL *coef = (const REAL *)layer->coef + start;
        const REAL *kept = (const REAL *)layer->kept_gradient + start;
        double alpha[LANES], scale[LANES], lanes[3][LANES] = {{0}};
        for (int l = 0; l < LANES; l++) {
            alpha[l] = layer->alpha[column + (is_tile ? l : 0)];
            scale[l] = layer->norm_scale[column + (is_tile ? l : 0)];
        }
        ptrdiff_t k = 0;
        for (; k + LANES <= n; k += LANES)
            NAME(add_norms)(LANES, gradient + k, coef + k, kept + k, alpha, scale, lanes[0],
                            lanes[1], lanes[2]);
        NAME(add_norms)((int)(n - k), gradient + k, coef + k, kept + k, alpha, scale,
                        lanes[0], lanes[1], lanes[2]);
        for (int i = 0; i < 3; i++) {
            double *norm = layer->norms + (block * 3 + i) * columns + column;
            if (is_tile) {
                memcpy(norm, lanes[i], sizeof lanes[i]);
                continue;
            }
            norm[0] = 0;
            for (int l = 0; l < LANES; l++) norm[0] += lanes[i][l];
        }
    }
}

/* For each column, keep the point that was evaluated or take the step to it back, choose the
   size of the next step, and note both. A rise of the loss within rounding is no rise. */
static void NAME(accept_points)(const Layer *layer, ptrdiff_t pass)
{
    ptrdiff_t columns = layer->n_tiles * LANES + layer->n_singles;
    ptrdiff_t n_blocks = (layer->d + BLOCK - 1) / BLOCK;
    REAL *intercept = layer->intercept, *kept_intercept = layer->kept_intercept;
    for (ptrdiff_t chunk = 1; chunk < layer->n_chunks; chunk++)
        for (ptrdiff_t k = 0; k < 2 * columns; k++)
            layer->sums[k] += layer->sums[chunk * 2 * columns + k];
    for (ptrdiff_t block = 1; block < n_blocks; block++)
        for (ptrdiff_t k = 0; k < 3 * columns; k++)
            layer->norms[k] += layer->norms[block * 3 * columns + k];
    for (ptrdiff_t column = 0; column < columns; column++) {
        double error = layer->sums[columns + column], alpha = layer->alpha[column];
        double gradient = layer->fit_intercept ? layer->sums[column] : 0;
        double scale = layer->norm_scale[column], g = scale * gradient;
        double c = g - scale * layer->kept_intercept_gradient[column];
        double change = layer->norms[column] + c * c;
        double norm = layer->norms[columns + column] + g * g;
        double size = layer->norms[2 * columns + column];
        double loss = error + (alpha > 0 ? alpha * size : 0);
        int64_t exponent = layer->exponent[column];
        int is_kept = 1;
        if (layer->is_adaptive && !(layer->is_start && pass == 0)) {
            int power;
            frexp(layer->rate[column], &power);
            is_kept = exponent == 0
                      || (loss <= layer->kept_loss[column] * (1 + 16 * EPSILON)
                          && isfinite(size));
            if (is_kept)
                exponent = next_exponent(exponent, layer->kept_norm[column], change,
                                         LARGEST_STEP - power);
            else
                exponent = exponent > 2 ? exponent - 2 : 0;
        }
        if (is_kept) {
            kept_intercept[column] = intercept[column];
            layer->kept_intercept_gradient[column] = gradient;
            layer->kept_loss[column] = loss;
            layer->kept_error[column] = error;
            layer->kept_norm[column] = norm;
        }
        layer->accepted[column] = is_kept;
        layer->exponent[column] = exponent;
        layer->step[column] = ldexp(layer->rate[column], (int)exponent);
        intercept[column] = kept_intercept[column]
                            + layer->step[column] * layer->kept_intercept_gradient[column];
        layer->squared_error[pass * columns + column] = layer->kept_error[column];
        layer->exponents[pass * columns + column] = exponent;
    }
    if (layer->intercepts)
        memcpy((REAL *)layer->intercepts + pass * columns, kept_intercept,
               columns * sizeof(REAL));
}

/* Keep the points of a block of features that were accepted, and step from those kept. */
DISPATCHED static void NAME(update_coef)(const Layer *layer, ptrdiff_t pass, ptrdiff_t block)
{
    ptrdiff_t d = layer->d, columns = layer->n_tiles * LANES + layer->n_singles;
    ptrdiff_t first = block * BLOCK, last = d - first < BLOCK ? d : first + BLOCK;
    for (ptrdiff_t part = 0; part < layer->n_tiles + layer->n_singles; part++) {
        int is_tile = part < layer->n_tiles, width = is_tile ? LANES : 1;
        ptrdiff_t column = is_tile ? part * LANES
                                   : layer->n_tiles * LANES + part - layer->n_tiles;
        ptrdiff_t start = column * d + first * width, n = (last - first) * width;
        const REAL *restrict gradient = (const REAL *)layer->gradients + start;
        REAL *restrict coef = (REAL *)layer->coef + start;
        REAL *restrict kept = (REAL *)layer->kept_coef + start;
        REAL *restrict kept_gradient = (REAL *)layer->kept_gradient + start;
        const double *accepted = layer->accepted + column, *step = layer->step + column;
        if (is_tile) {
            for (ptrdiff_t k = 0; k < n; k += LANES)
                for (int l = 0; l < LANES; l++) {
                    kept[k + l] = accepted[l] != 0 ? coef[k + l] : kept[k + l];
                    kept_gradient[k + l] =
                        accepted[l] != 0 ? gradient[k + l] : kept_gradient[k + l];
                    coef[k + l] = kept[k + l] + step[l] * kept_gradient[k + l];
                }
        } else {
            if (accepted[0] != 0) {
                memcpy(kept, coef, n * sizeof(REAL));
                memcpy(kept_gradient, gradient, n * sizeof(REAL));
            }
            for (ptrdiff_t k = 0; k < n; k++) coef[k] = kept[k] + step[0] * kept_gradient[k];
        }
        if (layer->coefs)
            memcpy((REAL *)layer->coefs + pass * d * columns + start, kept, n * sizeof(REAL));
    }
}

/* Do the share of one of n threads between two places in the descent, which are counted in
   chunks since its start. */
static void NAME(run_thread)(const Rows *rows, const Layer *layer, ptrdiff_t place, ptrdiff_t end,
                        ptrdiff_t thread, ptrdiff_t n, Barrier *barrier)
{
    ptrdiff_t n_chunks = layer->n_chunks, n_blocks = (layer->d + BLOCK - 1) / BLOCK;
    for (ptrdiff_t pass = place / n_chunks; pass * n_chunks < end; pass++) {
        ptrdiff_t begin = pass * n_chunks;
        ptrdiff_t first = place > begin ? place - begin : 0;
        ptrdiff_t left = (end - begin < n_chunks ? end - begin : n_chunks) - first;
        ptrdiff_t last = first + left * (thread + 1) / n;
        for (ptrdiff_t chunk = first + left * thread / n; chunk < last; chunk++)
            NAME(add_chunk)(rows, layer, chunk);
        if (first + left < n_chunks) return;
        barrier_wait(barrier, n);
        for (ptrdiff_t block = thread; block < n_blocks; block += n)
            NAME(add_up_gradient)(layer, block);
        barrier_wait(barrier, n);
        if (thread == 0) NAME(accept_points)(layer, pass);
        barrier_wait(barrier, n);
        for (ptrdiff_t block = thread; block < n_blocks; block += n)
            NAME(update_coef)(layer, pass, block);
        barrier_wait(barrier, n);
    }
}

static void NAME(advance)(const Rows *rows, const Layer *layer, ptrdiff_t place,
                          ptrdiff_t end, int n_threads)
{
    Barrier barrier = {0, 0};
#ifdef _OPENMP
    if (n_threads > 1) {
#pragma omp parallel num_threads(n_threads)
        NAME(run_thread)(rows, layer, place, end, omp_get_thread_num(), omp_get_num_threads(),
                    &barrier);
        return;
    }
#endif
    NAME(run_thread)(rows, layer, place, end, 0, 1, &barrier);
}
