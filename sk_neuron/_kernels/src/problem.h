/* How the compiled kernels work, and what they are given.

   A problem has columns of weights that share X, and columns come in groups: one column (a
   sigmoid neuron) or K columns (a softmax layer). A group has one loss, one step size, labels
   and row weights of its own. A row may be trained on, judged, both or neither.

   A pass over X finds, for each group, the gradient and the loss on the rows it is trained on
   and the loss on the rows it is judged by, all at the point where coef and intercept are.
   Then each group keeps that point or goes back to the one it kept before, and the next step
   is taken from the point kept. Gradients are of minus the loss.

   Chunks of rows are shared among threads, and depend on the data alone: the sums of the
   chunks are added in their order, so the number of threads does not change a bit. Within a
   chunk, a block of rows stays in the cache for three things: the raw predictions z, minus
   the gradient of the loss in z (delta), and the share of these rows in the gradient.

   Columns are packed for the products with X. LANES columns make a tile, so that a number of
   X meets a whole vector of coef; the columns that do not fill a tile are single. The tiles
   come first: coef and a gradient are (n_tiles, d, LANES), then (n_remainder, d). Between the
   two products a block of z is (columns, rows), and so are the arrays of the rows of groups:
   vectors then hold LANES rows of one column, whatever the number of columns of a group. The
   fewest tiles that hold whole groups (a bundle) go through the three things together. */

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

/* Bits of a role. */
#define TRAINED 1
#define JUDGED 2

/* Arrays of "numbers" have the precision of X. "columns" is n_tiles * LANES + n_remainder, of
   which those beyond n_groups * n_outputs are padding. */
typedef struct {
    ptrdiff_t n, d, n_groups, n_outputs, n_tiles, n_remainder, n_chunks;
    const ptrdiff_t *chunk_offsets; /* (n_chunks + 1): the first row of each chunk, and n */
    /* The rows. A stride is n, or 0 where the groups share the array. */
    const int32_t *labels; /* (n_label_sets, n): group g has the set g % n_label_sets */
    ptrdiff_t n_label_sets;
    const void *weight; /* numbers, (1 or n_groups, n) */
    ptrdiff_t weight_stride;
    const uint8_t *roles;     /* (n_groups, n), or NULL: all rows are trained on */
    const void *judge_weight; /* numbers, (1 or n_groups, n), or NULL: no row is judged */
    ptrdiff_t judge_stride;
    /* Label noise of a group: of a row whose true class is k, the label is one of the other
       classes with the probability share[k], each of them with shift[k] = share[k] / (K - 1).
       slope[k] is 1 - share[k] - shift[k], or 1 - share[0] - share[1] for a neuron. Numbers,
       (n_groups, n_classes), or NULL: none. */
    const void *noise_shift, *noise_slope;
    const uint8_t *is_noisy; /* (n_groups) */
    /* The objective and the step. */
    const double *alpha, *norm_scale; /* (columns): of the group of each column, 0 in padding */
    const double *rate;               /* (n_groups): the step, or the smallest one */
    int fit_intercept, is_adaptive;
    int is_start; /* the first pass keeps its point, whatever its loss */
    /* The state. */
    void *coef, *intercept; /* numbers, (size of coef), (columns): what is evaluated next */
    void *kept_coef, *kept_intercept, *kept_gradient;
    double *kept_intercept_gradient; /* (columns) */
    double *kept;                    /* (4, n_groups): loss, error, judged error, squared norm */
    int64_t *exponent;               /* (n_groups): the next step is 2^exponent times the rate */
    /* Space for a pass. */
    double *step, *accepted; /* (columns): the next step, and whether the point was kept */
    void *gradients;         /* numbers, (n_chunks, size of coef) */
    double *delta_sums;      /* (n_chunks, columns) */
    double *errors;          /* (n_chunks, 2, n_groups): squared errors, trained and judged */
    double *norms;           /* (n_blocks, 3, columns): see `sum_gradient` */
    void *scratch;           /* numbers, (n_threads, scratch_size) */
    ptrdiff_t scratch_size;
    /* What is noted after each pass, of the points kept. */
    double *kept_errors; /* (n_passes, 2, n_groups) */
    int64_t *exponents;  /* (n_passes, n_groups) */
    void *coefs, *intercepts; /* numbers, (n_passes, size of coef), (n_passes, columns), or NULL */
    void *raw_prediction;     /* numbers, (columns, n): of the last pass, or NULL */
    ptrdiff_t last_pass;
} Descent;

/* Beyond this exponent of a step size it does not grow, so that it stays finite. */
#define LARGEST_STEP 1000

/* How many rows share each load of the coef of a tile. */
#define ROW_UNROLL 8

/* The most rows of a block, where there are tiles or X is row-major; a multiple of ROW_UNROLL
   and of LANES. */
#define BLOCK_ROWS 48

/* The most rows of a block of column-major X without tiles; a multiple of LANES. */
#define COLUMN_MAJOR_ROWS 384

/* Features whose gradients a thread adds up at a time, and whose squared norms go together:
   no fewer with more threads, so that sums and the ends of loops round alike. */
#define UPDATE_BLOCK 64

/* The exponent after a step whose point was kept: at most 2 more, and 2^j at most what it was
   times |kept gradient| / (sqrt(2) |change of the gradient|), from the squared norms. Where
   the gradient is zero nothing moves, and it stays. */
static int64_t update_exponent(int64_t exponent, double norm, double change, int64_t most)
{
    if (!(norm > 0)) return exponent;
    int64_t next = exponent + 2 < most ? exponent + 2 : most;
    double ratio = norm / (2 * change);
    if (!isfinite(ratio)) return next;
    int power; /* 2^(power - 1) <= ratio < 2^power */
    frexp(ratio, &power);
    int64_t root = ratio > 0 ? (power - 1 - ((power - 1) & 1)) / 2 : INT_MIN;
    if (exponent + root < next) next = exponent + root;
    return next > 0 ? next : 0;
}

#endif
