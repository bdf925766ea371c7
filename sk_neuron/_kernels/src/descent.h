/* A pass over X and the step that follows, for dense and CSR rows, for one precision. */

#include "pointwise.h"

/* dense.h and csr.h define these two products, of the m rows from `first` and the columns from
   `column` to `end`. z and delta are (columns, rows), with `stride` numbers per column. */

/* z = x · w + b */
INLINE void NAME(predict)(const Rows *rows, const Descent *descent, ptrdiff_t first, ptrdiff_t m,
                          ptrdiff_t column, ptrdiff_t end, REAL *z, ptrdiff_t stride);

/* gradient += delta x */
INLINE void NAME(add_gradient)(const Rows *rows, const Descent *descent, ptrdiff_t first,
                               ptrdiff_t m, ptrdiff_t column, ptrdiff_t end, const REAL *delta,
                               ptrdiff_t stride, REAL *gradient);

/* dense.h and csr.h define this as well: call `add_blocks`, compiled for each processor. */
DISPATCHED static void NAME(add_chunk)(const Rows *rows, const Descent *descent, ptrdiff_t chunk,
                                       int is_stored, REAL *scratch);

/* Compute the gradient and the other sums of a chunk, block by block; `is_stored` says whether
   to store the raw predictions. */
INLINE void NAME(add_blocks)(const Rows *rows, const Descent *descent, ptrdiff_t chunk,
                             int is_stored, REAL *z)
{
    ptrdiff_t columns = descent->n_tiles * LANES + descent->n_remainder, m;
    ptrdiff_t bundle = NAME(count_bundle_columns)(descent->n_outputs);
    ptrdiff_t stride = (rows->rows_per_block + LANES - 1) / LANES * LANES;
    REAL *gradient = (REAL *)descent->gradients + chunk * descent->d * columns;
    double *delta_sums = descent->delta_sums + chunk * columns;
    double *errors = descent->errors + chunk * 2 * descent->n_groups;
    memset(gradient, 0, descent->d * columns * sizeof(REAL));
    memset(delta_sums, 0, columns * sizeof(double));
    memset(errors, 0, 2 * descent->n_groups * sizeof(double));
    ptrdiff_t last = descent->chunk_offsets[chunk + 1];
    for (ptrdiff_t first = descent->chunk_offsets[chunk]; first < last; first += m) {
        m = last - first < rows->rows_per_block ? last - first : rows->rows_per_block;
        for (ptrdiff_t column = 0; column < columns; column += bundle) {
            ptrdiff_t end = column + bundle < columns ? column + bundle : columns;
            NAME(predict)(rows, descent, first, m, column, end, z, stride);
            if (is_stored)
                NAME(store_raw_prediction)(descent, column, end, first, m, z, stride);
            NAME(differentiate)(descent, column, end, first, m, z, stride, delta_sums, errors);
            NAME(add_gradient)(rows, descent, first, m, column, end, z, stride, gradient);
        }
    }
}

/* A tile or a remainder column: its first column and its number of columns. */
typedef struct {
    ptrdiff_t column, width;
} NAME(Part);

INLINE NAME(Part) NAME(get_part)(const Descent *descent, ptrdiff_t part)
{
    if (part < descent->n_tiles) return (NAME(Part)){part * LANES, LANES};
    return (NAME(Part)){part - descent->n_tiles + descent->n_tiles * LANES, 1};
}

/* Subtract alpha w from `count` adjacent gradients. In each lane, add the squares of the change
   since the kept gradient, of the gradient and of w. */
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

/* Sum the gradients of the chunks for a block of features, add the weight decay, and fill in
   the squared norms. */
DISPATCHED static void NAME(sum_gradient)(const Descent *descent, ptrdiff_t block)
{
    ptrdiff_t d = descent->d, columns = descent->n_tiles * LANES + descent->n_remainder;
    ptrdiff_t first = block * UPDATE_BLOCK;
    ptrdiff_t last = d - first < UPDATE_BLOCK ? d : first + UPDATE_BLOCK;
    for (ptrdiff_t part = 0; part < descent->n_tiles + descent->n_remainder; part++) {
        NAME(Part) at = NAME(get_part)(descent, part);
        int is_tile = at.width == LANES;
        ptrdiff_t column = at.column;
        ptrdiff_t start = column * d + first * at.width, n = (last - first) * at.width;
        REAL *restrict gradient = (REAL *)descent->gradients + start;
        for (ptrdiff_t chunk = 1; chunk < descent->n_chunks; chunk++) {
            const REAL *more = gradient + chunk * d * columns;
            for (ptrdiff_t k = 0; k < n; k++) gradient[k] += more[k];
        }
        const REAL *coef = (const REAL *)descent->coef + start;
        const REAL *kept = (const REAL *)descent->kept_gradient + start;
        double alpha[LANES], scale[LANES], lanes[3][LANES] = {{0}};
        for (int l = 0; l < LANES; l++) {
            alpha[l] = descent->alpha[column + (is_tile ? l : 0)];
            scale[l] = descent->norm_scale[column + (is_tile ? l : 0)];
        }
        ptrdiff_t k = 0;
        for (; k + LANES <= n; k += LANES)
            NAME(add_norms)(LANES, gradient + k, coef + k, kept + k, alpha, scale, lanes[0],
                            lanes[1], lanes[2]);
        NAME(add_norms)((int)(n - k), gradient + k, coef + k, kept + k, alpha, scale,
                        lanes[0], lanes[1], lanes[2]);
        for (int i = 0; i < 3; i++) {
            double *norm = descent->norms + (block * 3 + i) * columns + column;
            if (is_tile) {
                memcpy(norm, lanes[i], sizeof lanes[i]);
                continue;
            }
            norm[0] = 0;
            for (int l = 0; l < LANES; l++) norm[0] += lanes[i][l];
        }
    }
}

/* For each group, keep or reject the point that was evaluated, choose the size of the next step
   and move the intercept. A rise of the loss that may be rounding is no rise. */
static void NAME(accept_points)(const Descent *descent, ptrdiff_t pass)
{
    ptrdiff_t columns = descent->n_tiles * LANES + descent->n_remainder;
    ptrdiff_t n_blocks = (descent->d + UPDATE_BLOCK - 1) / UPDATE_BLOCK;
    ptrdiff_t n_groups = descent->n_groups, K = descent->n_outputs;
    REAL *intercept = descent->intercept, *kept_intercept = descent->kept_intercept;
    double *kept_loss = descent->kept, *kept_error = descent->kept + n_groups;
    double *kept_judged = descent->kept + 2 * n_groups, *kept_norm = descent->kept + 3 * n_groups;
    double *delta_sums = descent->delta_sums, *errors = descent->errors;
    double *history = descent->kept_errors + pass * 2 * n_groups;
    for (ptrdiff_t chunk = 1; chunk < descent->n_chunks; chunk++) {
        for (ptrdiff_t k = 0; k < columns; k++) delta_sums[k] += delta_sums[chunk * columns + k];
        for (ptrdiff_t k = 0; k < 2 * n_groups; k++)
            errors[k] += errors[chunk * 2 * n_groups + k];
    }
    for (ptrdiff_t block = 1; block < n_blocks; block++)
        for (ptrdiff_t k = 0; k < 3 * columns; k++)
            descent->norms[k] += descent->norms[block * 3 * columns + k];
    for (ptrdiff_t group = 0; group < n_groups; group++) {
        double change = 0, norm = 0, decay = 0, size = 0;
        for (ptrdiff_t k = group * K; k < (group + 1) * K; k++) {
            double scale = descent->norm_scale[k], alpha = descent->alpha[k];
            if (!descent->fit_intercept) delta_sums[k] = 0;
            double g = scale * delta_sums[k];
            double c = g - scale * descent->kept_intercept_gradient[k];
            change += descent->norms[k] + c * c;
            norm += descent->norms[columns + k] + g * g;
            size += descent->norms[2 * columns + k];
            decay += alpha > 0 ? alpha * descent->norms[2 * columns + k] : 0;
        }
        double loss = errors[group] + decay;
        int64_t exponent = descent->exponent[group];
        int is_kept = 1;
        if (descent->is_adaptive && !(descent->is_start && pass == 0)) {
            int power;
            frexp(descent->rate[group], &power);
            is_kept = exponent == 0
                      || (loss <= kept_loss[group] * (1 + 16 * EPSILON) && isfinite(size));
            if (is_kept)
                exponent = update_exponent(exponent, kept_norm[group], change,
                                           MAX_STEP_EXPONENT - power);
            else
                exponent = exponent > 2 ? exponent - 2 : 0;
        }
        if (is_kept) {
            kept_loss[group] = loss;
            kept_error[group] = errors[group];
            kept_judged[group] = errors[n_groups + group];
            kept_norm[group] = norm;
        }
        descent->exponent[group] = exponent;
        double step = ldexp(descent->rate[group], (int)exponent);
        for (ptrdiff_t k = group * K; k < (group + 1) * K; k++) {
            if (is_kept) {
                kept_intercept[k] = intercept[k];
                descent->kept_intercept_gradient[k] = delta_sums[k];
            }
            descent->accepted[k] = is_kept;
            descent->step[k] = step;
            intercept[k] = kept_intercept[k] + step * descent->kept_intercept_gradient[k];
        }
        history[group] = kept_error[group];
        history[n_groups + group] = kept_judged[group];
        descent->exponents[pass * n_groups + group] = exponent;
    }
    if (descent->intercepts)
        memcpy((REAL *)descent->intercepts + pass * columns, kept_intercept,
               columns * sizeof(REAL));
}

/* Keep the accepted coef of a block of features, and step from the kept coef. */
DISPATCHED static void NAME(update_coef)(const Descent *descent, ptrdiff_t pass, ptrdiff_t block)
{
    ptrdiff_t d = descent->d, columns = descent->n_tiles * LANES + descent->n_remainder;
    ptrdiff_t first = block * UPDATE_BLOCK;
    ptrdiff_t last = d - first < UPDATE_BLOCK ? d : first + UPDATE_BLOCK;
    for (ptrdiff_t part = 0; part < descent->n_tiles + descent->n_remainder; part++) {
        NAME(Part) at = NAME(get_part)(descent, part);
        int is_tile = at.width == LANES;
        ptrdiff_t column = at.column;
        ptrdiff_t start = column * d + first * at.width, n = (last - first) * at.width;
        const REAL *restrict gradient = (const REAL *)descent->gradients + start;
        REAL *restrict coef = (REAL *)descent->coef + start;
        REAL *restrict kept = (REAL *)descent->kept_coef + start;
        REAL *restrict kept_gradient = (REAL *)descent->kept_gradient + start;
        const double *accepted = descent->accepted + column, *step = descent->step + column;
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
        if (descent->coefs)
            memcpy((REAL *)descent->coefs + pass * d * columns + start, kept, n * sizeof(REAL));
    }
}

/* Do the work of one of n threads from `begin` to `end`, which count the chunks of all passes.
   A call may begin or end within a pass, so that Python can handle signals in between. */
static void NAME(run_thread)(const Rows *rows, const Descent *descent, ptrdiff_t begin,
                             ptrdiff_t end, ptrdiff_t thread, ptrdiff_t n, Barrier *barrier)
{
    ptrdiff_t n_chunks = descent->n_chunks;
    ptrdiff_t n_blocks = (descent->d + UPDATE_BLOCK - 1) / UPDATE_BLOCK;
    REAL *scratch = (REAL *)descent->scratch + thread * descent->scratch_size;
    for (ptrdiff_t pass = begin / n_chunks; pass * n_chunks < end; pass++) {
        ptrdiff_t offset = pass * n_chunks;
        ptrdiff_t first = begin > offset ? begin - offset : 0;
        ptrdiff_t count = (end - offset < n_chunks ? end - offset : n_chunks) - first;
        ptrdiff_t last = first + count * (thread + 1) / n;
        int is_stored = descent->raw_prediction && pass == descent->last_pass;
        for (ptrdiff_t chunk = first + count * thread / n; chunk < last; chunk++)
            NAME(add_chunk)(rows, descent, chunk, is_stored, scratch);
        if (first + count < n_chunks) return;
        barrier_wait(barrier, n);
        for (ptrdiff_t block = thread; block < n_blocks; block += n)
            NAME(sum_gradient)(descent, block);
        barrier_wait(barrier, n);
        if (thread == 0) NAME(accept_points)(descent, pass);
        barrier_wait(barrier, n);
        for (ptrdiff_t block = thread; block < n_blocks; block += n)
            NAME(update_coef)(descent, pass, block);
        barrier_wait(barrier, n);
    }
}

static void NAME(run)(const Rows *rows, const Descent *descent, ptrdiff_t begin, ptrdiff_t end,
                      int n_threads)
{
    Barrier barrier = {0, 0};
#ifdef _OPENMP
    if (n_threads > 1) {
#pragma omp parallel num_threads(n_threads)
        NAME(run_thread)(rows, descent, begin, end, omp_get_thread_num(), omp_get_num_threads(),
                         &barrier);
        return;
    }
#endif
    NAME(run_thread)(rows, descent, begin, end, 0, 1, &barrier);
}
