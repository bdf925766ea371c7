/* What every kernel needs: vectors, the choice of code for the processor at hand, and an
   exponential that loops can be vectorised with. */

#ifndef SK_NEURON_KERNEL_H
#define SK_NEURON_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* Where the loader can choose, code for the processor at hand. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define DISPATCHED __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define DISPATCHED
#endif

typedef double VEC_f64 __attribute__((vector_size(64), aligned(8), may_alias));
typedef float VEC_f32 __attribute__((vector_size(64), aligned(4), may_alias));

#define LOAD(p) (*(const VEC *)(p))
#define STORE(p, v) (*(VEC *)(p) = (v))

/* exp(x) = 2^k exp(r) with |r| <= log(2)/2, whose Taylor series of degree 13 is exact to
   4e-18. Adding 1.5 * 2^52 rounds to an integer, which is then in the lowest bits. The
   terms go in pairs (G. Estrin, 1960), so that few of them wait for each other. */
INLINE double exp_f64(double x)
{
    x = x > 708 ? 708 : x;
    x = x < -708 ? -708 : x;
    double shifted = x * 1.4426950408889634 + 6755399441055744.0;
    double k = shifted - 6755399441055744.0;
    double r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
    double r2 = r * r, r4 = r2 * r2;
    double p2 = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
    double p6 = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
    double p10 = (1.0 / 3628800 + r * (1.0 / 39916800)) +
                 r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
    double p = 1 + (r + r2 * (p2 + r4 * (p6 + r4 * p10)));
    int64_t bits, exponent;
    memcpy(&exponent, &shifted, sizeof bits);
    memcpy(&bits, &p, sizeof bits);
    bits += (int64_t)((uint64_t)exponent << 52);
    memcpy(&p, &bits, sizeof bits);
    return p;
}

/* The same in float32: degree 7 is exact to 1e-8, and 1.5 * 2^23 rounds. */
INLINE float exp_f32(float x)
{
    x = x > 87 ? 87 : x;
    x = x < -87 ? -87 : x;
    float shifted = x * 1.44269504f + 12582912.0f;
    float k = shifted - 12582912.0f;
    float r = (x - k * 0.693145752f) - k * 1.42860677e-6f;
    float r2 = r * r;
    float p2 = 1.0f / 2 + r * (1.0f / 6), p4 = 1.0f / 24 + r * (1.0f / 120);
    float p6 = 1.0f / 720 + r * (1.0f / 5040);
    float p = 1 + (r + r2 * (p2 + r2 * (p4 + r2 * p6)));
    int32_t bits, exponent;
    memcpy(&exponent, &shifted, sizeof bits);
    memcpy(&bits, &p, sizeof bits);
    bits += (int32_t)((uint32_t)exponent << 23);
    memcpy(&p, &bits, sizeof bits);
    return p;
}

/* A layer as the kernels have it. Numbers are of the precision of X.

   Columns go in tiles of LANES, so that a number of X meets a whole vector of coef; those
   that do not fill a tile are single. Arrays of the columns have the tiles first, then the
   singles: coef and a gradient are (n_tiles, d, LANES) and (n_singles, d), signs and weights
   of the rows (n, n_tiles * LANES) and (n_singles, n). A sign is 1 or -1 for a target of 1
   or 0, and 0 in a row that the column is not trained on. */
typedef struct {
    ptrdiff_t n, d, n_tiles, n_singles, n_chunks;
    const ptrdiff_t *bounds; /* (n_chunks + 1): the first row of each chunk, and n */
    const int8_t *signs;
    const void *weight;  /* (n), of all columns, or */
    const void *weights; /* of each */
    const double *rate, *alpha;
    int fit_intercept;
    void *coef, *intercept;
    void *gradients;       /* (n_chunks, size of coef) */
    double *sums;          /* (n_chunks, 2, columns): of delta, of the squared error */
    double *squared_error; /* (n_steps, columns) */
} Layer;

/* Rows that go together, at most: in a tile, a multiple of 12, and in a single column, of
   LANES. */
#define TILE_ROWS 48
#define SINGLE_ROWS 2048

/* From so many elements of gradients threads pay to add them, a block of features each. */
#define MOVE_PAYS 65536
#define MOVE_FEATURES 1024

#ifdef _OPENMP
#include <omp.h>
static int most_threads(void) { return omp_get_max_threads(); }
#else
static int most_threads(void) { return 0; }
#endif

#endif
