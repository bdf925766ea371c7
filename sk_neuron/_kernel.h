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

/* exp(x) = 2^k exp(r) with |r| <= log(2)/2. Adding 1.5 * 2^52 rounds to an integer k, which
   is then in the lowest bits. exp(r) is 1 + r + r^2 p(r) to 3.6e-18, with p by the Remez
   algorithm; its terms go in pairs (G. Estrin, 1960), so that few wait for each other. */
INLINE double exp_f64(double x)
{
    x = x > 708 ? 708 : x;
    x = x < -708 ? -708 : x;
    double shifted = x * 1.4426950408889634 + 6755399441055744.0;
    double k = shifted - 6755399441055744.0;
    double r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
    double r2 = r * r, r4 = r2 * r2;
    double p0 = 0.50000000000000106167 + r * 0.16666666666666412773;
    double p2 = 0.041666666666530266097 + r * 0.0083333333334943364391;
    double p4 = 0.0013888888943597744184 + r * 0.00019841269506770154831;
    double p6 = 2.480149313606072263e-5 + r * 2.7557586276159620334e-6;
    double p8 = 2.7630233989399992526e-7 + r * 2.5000068948469290188e-8;
    double p = (p0 + r2 * p2) + r4 * ((p4 + r2 * p6) + r4 * p8);
    p = 1 + (r + r2 * p);
    int64_t bits, exponent;
    memcpy(&exponent, &shifted, sizeof bits);
    memcpy(&bits, &p, sizeof bits);
    bits += (int64_t)((uint64_t)exponent << 52);
    memcpy(&p, &bits, sizeof bits);
    return p;
}

/* The same in float32: p is exact to 3e-9, and 1.5 * 2^23 rounds. */
INLINE float exp_f32(float x)
{
    x = x > 87 ? 87 : x;
    x = x < -87 ? -87 : x;
    float shifted = x * 1.44269504f + 12582912.0f;
    float k = shifted - 12582912.0f;
    float r = (x - k * 0.693145752f) - k * 1.42860677e-6f;
    float r2 = r * r;
    float p0 = 0.499999934515f + r * 0.166665206897f;
    float p2 = 0.0416683874182f + r * 0.00836870986789f;
    float p = 1 + (r + r2 * (p0 + r2 * (p2 + r2 * 0.00138146100821f)));
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
    void *coefs, *intercepts; /* coef and intercept after each step, or NULL */
} Layer;

/* Rows that go together in a tile, at most, of which AT_ONCE share each load of a weight, and
   in a single column; multiples of AT_ONCE and of LANES. */
#define TILE_ROWS 48
#define AT_ONCE 8
#define SINGLE_ROWS 2048

/* Features whose weights a thread moves at a time: no fewer with more threads, since the
   compiler may round differently at the end of a loop. */
#define MOVED 64

#ifdef _OPENMP
#include <omp.h>
#include <sched.h>
#define GIVE_WAY() sched_yield()
static int most_threads(void) { return omp_get_max_threads(); }
#else
#define GIVE_WAY() ((void)0)
static int most_threads(void) { return 0; }
#endif

/* Where the threads of a step wait for each other. Those of OpenMP would wait without giving
   way: should two of them share a core, as happens on a busy machine, a step would take as
   long as the system lets a thread run. */
typedef struct {
    ptrdiff_t arrived, round;
} Meeting;

static void meet(Meeting *meeting, ptrdiff_t n)
{
    if (n == 1) return;
    ptrdiff_t round = __atomic_load_n(&meeting->round, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&meeting->arrived, 1, __ATOMIC_ACQ_REL) == n) {
        __atomic_store_n(&meeting->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&meeting->round, round + 1, __ATOMIC_RELEASE);
        return;
    }
    int tries = 0;
    while (__atomic_load_n(&meeting->round, __ATOMIC_ACQUIRE) == round)
        if (tries < 1000)
            tries++;
        else
            GIVE_WAY();
}

#endif
