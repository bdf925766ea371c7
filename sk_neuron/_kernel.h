/* What every kernel needs: vectors, the choice of code for the processor at hand, and an
   exponential that loops can be vectorised with. */

#ifndef SK_NEURON_KERNEL_H
#define SK_NEURON_KERNEL_H

#include <float.h>
#include <limits.h>
#include <math.h>
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

/* A layer as the kernels have it, and its descent. Numbers are of the precision of X.

   Columns go in tiles of LANES, so that a number of X meets a whole vector of coef; those
   that do not fill a tile are single. Arrays of the columns have the tiles first, then the
   singles: coef and a gradient are (n_tiles, d, LANES) and (n_singles, d), signs and weights
   of the rows (n, n_tiles * LANES) and (n_singles, n). A sign is 1 or -1 for a target of 1
   or 0, and 0 in a row that the column is not trained on.

   A pass over X evaluates the loss and the gradient where coef and intercept are. Then each
   column keeps that point or goes back to the one it kept before, and the next step is taken
   from the point kept. Gradients are of minus the loss. */
typedef struct {
    ptrdiff_t n, d, n_tiles, n_singles, n_chunks;
    const ptrdiff_t *bounds; /* (n_chunks + 1): the first row of each chunk, and n */
    const int8_t *signs;
    const void *weight;  /* (n), of all columns, or */
    const void *weights; /* of each */
    const double *rate;  /* the step size, or the smallest where it adapts */
    const double *alpha;
    const double *norm_scale; /* a power of two, so that squared norms are finite */
    int fit_intercept, is_adaptive;
    int is_start; /* the first pass keeps its point, whatever its loss */
    void *coef, *intercept;
    void *kept_coef, *kept_intercept, *kept_gradient;
    double *kept_intercept_gradient, *kept_loss, *kept_error, *kept_norm; /* (columns) */
    int64_t *exponent; /* (columns): the next step is 2^exponent times the rate */
    double *step, *accepted; /* (columns): its size, and whether the last point was kept */
    void *gradients;       /* (n_chunks, size of coef) */
    double *sums;          /* (n_chunks, 2, columns): of delta, of the squared error */
    double *norms;         /* (n_blocks, 3, columns): see `add_up_gradient` in _step.h */
    double *squared_error; /* (n_passes, columns), of the points kept */
    int64_t *exponents;    /* (n_passes, columns) */
    void *coefs, *intercepts; /* the points kept after each pass, or NULL */
} Layer;

/* The exponent after a step whose point was kept: at most 2 more, and 2^j at most what it was
   times |kept gradient| / (sqrt(2) |change of the gradient|), from the squared norms. Where
   the gradient is zero nothing moves, and it stays. */
static int64_t next_exponent(int64_t exponent, double norm, double change, int64_t most)
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

/* Beyond this exponent of a step size it does not grow, so that it stays finite. */
#define LARGEST_STEP 1000

/* Rows that go together in a tile, at most, of which AT_ONCE share each load of a weight, and
   in a single column; multiples of AT_ONCE and of LANES. */
#define TILE_ROWS 48
#define AT_ONCE 8
#define SINGLE_ROWS 2048

/* Features whose gradients a thread adds up at a time, and whose squared norms go together:
   no fewer with more threads, so that sums and the ends of loops round alike. */
#define BLOCK 64

#ifdef _OPENMP
#include <omp.h>
#include <sched.h>
#define CPU_YIELD() sched_yield()
static int most_threads(void) { return omp_get_max_threads(); }
#else
#define CPU_YIELD() ((void)0)
static int most_threads(void) { return 0; }
#endif

/* Where the threads of a step wait for each other. Those of OpenMP would wait without giving
   way: should two of them share a core, as happens on a busy machine, a step would take as
   long as the system lets a thread run. */
typedef struct {
    ptrdiff_t arrived, round;
} Barrier;

static void barrier_wait(Barrier *barrier, ptrdiff_t n)
{
    if (n == 1) return;
    ptrdiff_t round = __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == n) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
        return;
    }
    int tries = 0;
    while (__atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) == round)
        if (tries < 1000)
            tries++;
        else
            CPU_YIELD();
}

#endif
