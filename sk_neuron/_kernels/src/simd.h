/* Vectors, code for each kind of processor, the exponential and the transposition. */

#ifndef SK_NEURON_SIMD_H
#define SK_NEURON_SIMD_H

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* Compile a function for three kinds of processors, if the loader can choose among them. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define DISPATCHED __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define DISPATCHED
#endif

typedef double VEC_f64 __attribute__((vector_size(64), aligned(8), may_alias));
typedef float VEC_f32 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int64_t INT_f64 __attribute__((vector_size(64), may_alias));
typedef int32_t INT_f32 __attribute__((vector_size(64), may_alias));

#define LOAD(p) (*(const VEC *)(p))
#define STORE(p, v) (*(VEC *)(p) = (v))

/* a where a comparison holds, b elsewhere */
#define SELECT_f64(mask, a, b) ((VEC_f64)(((INT_f64)(a) & (mask)) | ((INT_f64)(b) & ~(mask))))
#define SELECT_f32(mask, a, b) ((VEC_f32)(((INT_f32)(a) & (mask)) | ((INT_f32)(b) & ~(mask))))

/* exp(x) = 2^k exp(r) with |r| <= log(2)/2. Adding 1.5 * 2^52 rounds to an integer k, which
   is then in the lowest bits. exp(r) = 1 + r + r^2 p(r) with an error of 3.6e-18, where p comes
   from the Remez algorithm. Its terms are added in pairs (G. Estrin, 1960), which the processor
   computes in parallel. */
INLINE VEC_f64 exp_f64(VEC_f64 x)
{
    VEC_f64 limit = (VEC_f64){0} + 708;
    x = SELECT_f64(x > limit, limit, x);
    x = SELECT_f64(x < -limit, -limit, x);
    VEC_f64 shifted = x * 1.4426950408889634 + 6755399441055744.0;
    VEC_f64 k = shifted - 6755399441055744.0;
    VEC_f64 r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
    VEC_f64 r2 = r * r, r4 = r2 * r2;
    VEC_f64 p0 = 0.50000000000000106167 + r * 0.16666666666666412773;
    VEC_f64 p2 = 0.041666666666530266097 + r * 0.0083333333334943364391;
    VEC_f64 p4 = 0.0013888888943597744184 + r * 0.00019841269506770154831;
    VEC_f64 p6 = 2.480149313606072263e-5 + r * 2.7557586276159620334e-6;
    VEC_f64 p8 = 2.7630233989399992526e-7 + r * 2.5000068948469290188e-8;
    VEC_f64 p = (p0 + r2 * p2) + r4 * ((p4 + r2 * p6) + r4 * p8);
    p = 1 + (r + r2 * p);
    return (VEC_f64)((INT_f64)p + ((INT_f64)shifted << 52));
}

/* The same in float32: the error is 3e-9, and adding 1.5 * 2^23 rounds. */
INLINE VEC_f32 exp_f32(VEC_f32 x)
{
    VEC_f32 limit = (VEC_f32){0} + 87;
    x = SELECT_f32(x > limit, limit, x);
    x = SELECT_f32(x < -limit, -limit, x);
    VEC_f32 shifted = x * 1.44269504f + 12582912.0f;
    VEC_f32 k = shifted - 12582912.0f;
    VEC_f32 r = (x - k * 0.693145752f) - k * 1.42860677e-6f;
    VEC_f32 r2 = r * r;
    VEC_f32 p0 = 0.499999934515f + r * 0.166665206897f;
    VEC_f32 p2 = 0.0416683874182f + r * 0.00836870986789f;
    VEC_f32 p = 1 + (r + r2 * (p0 + r2 * (p2 + r2 * 0.00138146100821f)));
    return (VEC_f32)((INT_f32)p + ((INT_f32)shifted << 23));
}

/* Transpose LANES vectors of LANES numbers: each round swaps blocks of h x h numbers off the
   diagonal. `low` and `high` are indices into a and b, one after the other. */
#ifdef __clang__
#define SHUFFLE(a, b, INT, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, INT, ...) __builtin_shuffle(a, b, (INT){__VA_ARGS__})
#endif
#define SET(...) __VA_ARGS__
#define EXCHANGE(v, INT, n, h, low, high)                              \
    for (int i = 0; i < n; i++) {                                      \
        if (i & h) continue;                                           \
        __typeof__(v[0]) a = v[i], b = v[i + h];                       \
        v[i] = SHUFFLE(a, b, INT, low);                                \
        v[i + h] = SHUFFLE(a, b, INT, high);                           \
    }

INLINE void transpose_f64(VEC_f64 *v)
{
    EXCHANGE(v, INT_f64, 8, 1, SET(0, 8, 2, 10, 4, 12, 6, 14), SET(1, 9, 3, 11, 5, 13, 7, 15))
    EXCHANGE(v, INT_f64, 8, 2, SET(0, 1, 8, 9, 4, 5, 12, 13), SET(2, 3, 10, 11, 6, 7, 14, 15))
    EXCHANGE(v, INT_f64, 8, 4, SET(0, 1, 2, 3, 8, 9, 10, 11), SET(4, 5, 6, 7, 12, 13, 14, 15))
}

INLINE void transpose_f32(VEC_f32 *v)
{
    EXCHANGE(v, INT_f32, 16, 1, SET(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
             SET(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
    EXCHANGE(v, INT_f32, 16, 2, SET(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
             SET(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
    EXCHANGE(v, INT_f32, 16, 4, SET(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
             SET(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
    EXCHANGE(v, INT_f32, 16, 8, SET(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
             SET(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
}

#endif
