/* How the compiled kernels work, and what their arguments are.

   A problem has columns of weights that share X. Columns come in groups: one column (a sigmoid
   neuron) or K columns (a softmax layer). Each group has its own loss, step size, labels and
   row weights. A row may be trained on, judged (only its loss is computed, for validation),
   both or neither.

   A pass over X evaluates the point (coef, intercept) of each group: the gradient and the loss
   on the rows it is trained on, and the loss on the rows that judge it. Then each group keeps
   that point, or rejects it and returns to the last kept point. The next step starts from the
   kept point. Every "gradient" is that of minus the loss.

   Threads share chunks of rows. Chunks depend only on the data, and their sums are added in
   order, so the number of threads does not change any bit of the result. A chunk is divided
   into blocks of rows. A block stays in the cache for three operations: compute the raw
   predictions z, then delta (minus the gradient of the loss in z), then add to the gradient.

   Columns are packed for the products with X. LANES columns make a tile: one value of X is
   multiplied by a whole vector of coef. The columns that do not fill a tile are the remainder.
   Tiles come first: coef and a gradient are (n_tiles, d, LANES), then (n_remainder, d). For a
   block, z and delta are (columns, rows), so that a vector holds LANES rows of one column for
   any size of a group. A bundle, the smallest number of tiles that holds whole groups, goes
   through the three operations together. */

#ifndef SK_NEURON_PROBLEM_H
#define SK_NEURON_PROBLEM_H

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "barrier.h"
#include "simd.h"

/* Bits of the role of a row. */
#define TRAINED 1
#define JUDGED 2

/* "numbers" have the precision of X. "columns" is n_tiles * LANES + n_remainder; the columns
   from n_groups * n_outputs on are padding. */
typedef struct {
    ptrdiff_t n, d, n_groups, n_outputs, n_tiles, n_remainder, n_chunks;
    const ptrdiff_t *chunk_offsets; /* (n_chunks + 1): the first row of each chunk, and n */
    /* The rows. A stride is n, or 0 if the groups share the array. */
    const int32_t *labels; /* (n_label_sets, n): group g has the set g % n_label_sets */
    ptrdiff_t n_label_sets;
    const void *weight; /* numbers, (1 or n_groups, n) */
    ptrdiff_t weight_stride;
    const uint8_t *roles;     /* (n_groups, n), or NULL: all rows are trained on */
    const void *judge_weight; /* numbers, (1 or n_groups, n), or NULL: no row is judged */
    ptrdiff_t judge_stride;
    /* Label noise of a group. If the true class of a row is k, its label is wrong with the
       probability share[k]; each other class then has shift[k] = share[k] / (K - 1).
       slope[k] is 1 - share[k] - shift[k], or 1 - share[0] - share[1] for a neuron. Numbers,
       (n_groups, n_classes), or NULL: no noise. */
    const void *noise_shift, *noise_slope;
    const uint8_t *is_noisy; /* (n_groups) */
    /* The objective and the step. */
    const double *alpha, *norm_scale; /* (columns): values of their groups, 0 in padding */
    const double *rate;               /* (n_groups): the step, or the smallest one */
    int fit_intercept, is_adaptive;
    int is_start; /* the first pass keeps its point, whatever its loss */
    /* The state. */
    void *coef, *intercept; /* numbers, (size of coef), (columns): what is evaluated next */
    void *kept_coef, *kept_intercept, *kept_gradient;
    double *kept_intercept_gradient; /* (columns) */
    double *kept;                    /* (4, n_groups): loss, error, judged error, squared norm */
    int64_t *exponent;               /* (n_groups): the next step is 2^exponent times the rate */
    /* The workspace of a pass. */
    double *step, *accepted; /* (columns): the next step, and whether the point was kept */
    void *gradients;         /* numbers, (n_chunks, size of coef) */
    double *delta_sums;      /* (n_chunks, columns) */
    double *errors;          /* (n_chunks, 2, n_groups): squared errors, trained and judged */
    double *norms;           /* (n_blocks, 3, columns): see `sum_gradient` */
    void *scratch;           /* numbers, (n_threads, scratch_size) */
    ptrdiff_t scratch_size;
    /* The history: what the kept points have after each pass. */
    double *kept_errors; /* (n_passes, 2, n_groups) */
    int64_t *exponents;  /* (n_passes, n_groups) */
    void *coefs, *intercepts; /* numbers, (n_passes, size of coef), (n_passes, columns), or NULL */
    void *raw_prediction;     /* numbers, (columns, n): of the last pass, or NULL */
    ptrdiff_t last_pass;
} Descent;

/* Base-2 logarithm of the largest step size: with this limit step sizes stay finite. */
#define MAX_STEP_EXPONENT 1000

/* Number of rows that are multiplied by each vector of coef once it is loaded. */
#define ROW_UNROLL 8

/* Largest number of rows in a block if there are tiles or X is row-major: the size of arrays
   on the stack. A multiple of ROW_UNROLL and of LANES. */
#define BLOCK_ROWS 48

/* Largest number of rows in a block of column-major X without tiles. A multiple of LANES. */
#define COLUMN_MAJOR_ROWS 384

/* Number of features whose gradients a thread sums at a time, with one sum of squares. It
   does not depend on the number of threads, so that neither does the rounding. */
#define UPDATE_BLOCK 64

/* Return the exponent j after a step whose point was kept. It grows by at most 2, and 2^j is
   at most its last value times |kept gradient| / (sqrt(2) |change of the gradient|); `norm` and
   `change` are the squares of both. If the gradient is zero nothing moves, and j stays. */
static int64_t update_exponent(int64_t exponent, double norm, double change,
                               int64_t max_exponent)
{
    if (!(norm > 0)) return exponent;
    int64_t next = exponent + 2 < max_exponent ? exponent + 2 : max_exponent;
    double ratio = norm / (2 * change);
    if (!isfinite(ratio)) return next;
    int power; /* 2^(power - 1) <= ratio < 2^power */
    frexp(ratio, &power);
    int64_t root = ratio > 0 ? (power - 1 - ((power - 1) & 1)) / 2 : INT_MIN;
    if (exponent + root < next) next = exponent + root;
    return next > 0 ? next : 0;
}

#endif
