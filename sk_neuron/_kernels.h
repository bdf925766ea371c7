/* The kernel for both precisions, with an exponential that loops can be vectorised with. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#define INLINE static inline __attribute__((always_inline))

/* Where the loader can choose, code for the processor at hand. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define DISPATCHED __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define DISPATCHED
#endif

#define LOAD(p) (*(const VEC *)(p))
#define STORE(p, v) (*(VEC *)(p) = (v))

#define FIRST_CACHE 32768 /* bytes */
#define TILE_ROWS 60      /* a multiple of the rows that go together, 4 and 6 */
#define CHUNK_ROWS 1020   /* and of these */
#define MOST_CHUNKS 64

/* exp(x) = 2^k exp(r) with |r| <= log(2)/2, whose Taylor series of degree 13 is exact to
   4e-18. Adding 1.5 * 2^52 rounds to an integer, which is then in the lowest bits. */
INLINE double EXP_f64(double x)
{
    x = x > 708 ? 708 : x;
    x = x < -708 ? -708 : x;
    double shifted = x * 1.4426950408889634 + 6755399441055744.0;
    double k = shifted - 6755399441055744.0;
    double r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
    double p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    int64_t bits, exponent;
    memcpy(&exponent, &shifted, sizeof bits);
    memcpy(&bits, &p, sizeof bits);
    bits += (int64_t)((uint64_t)exponent << 52);
    memcpy(&p, &bits, sizeof bits);
    return p;
}

/* The same in float32: degree 7 is exact to 1e-8, and 1.5 * 2^23 rounds. */
INLINE float EXP_f32(float x)
{
    x = x > 87 ? 87 : x;
    x = x < -87 ? -87 : x;
    float shifted = x * 1.44269504f + 12582912.0f;
    float k = shifted - 12582912.0f;
    float r = (x - k * 0.693145752f) - k * 1.42860677e-6f;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1;
    p = p * r + 1;
    int32_t bits, exponent;
    memcpy(&exponent, &shifted, sizeof bits);
    memcpy(&bits, &p, sizeof bits);
    bits += (int32_t)((uint32_t)exponent << 23);
    memcpy(&p, &bits, sizeof bits);
    return p;
}

typedef double VEC_f64 __attribute__((vector_size(64), aligned(8), may_alias));
typedef float VEC_f32 __attribute__((vector_size(64), aligned(4), may_alias));

#define REAL double
#define LANES 8
#define VEC VEC_f64
#define NAME(name) name##_f64
#include "_kernel.h"
#undef REAL
#undef LANES
#undef VEC
#undef NAME

#define REAL float
#define LANES 16
#define VEC VEC_f32
#define NAME(name) name##_f32
#include "_kernel.h"
#undef REAL
#undef LANES
#undef VEC
#undef NAME

static int most_threads(void)
{
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}
