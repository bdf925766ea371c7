/* Include the kernel KERNEL once for each precision. REAL is the type of a number, VEC a vector
   of LANES numbers, EXP its exponential; NAME(name) adds the precision to a function's name. */

#include "problem.h"

#define REAL double
#define LANES 8
#define VEC VEC_f64
#define EXP exp_f64
#define SELECT SELECT_f64
#define EPSILON DBL_EPSILON
#define NAME(name) name##_f64
#include KERNEL
#undef REAL
#undef LANES
#undef VEC
#undef EXP
#undef SELECT
#undef EPSILON
#undef NAME

#define REAL float
#define LANES 16
#define VEC VEC_f32
#define EXP exp_f32
#define SELECT SELECT_f32
#define EPSILON FLT_EPSILON
#define NAME(name) name##_f32
#include KERNEL
#undef REAL
#undef LANES
#undef VEC
#undef EXP
#undef SELECT
#undef EPSILON
#undef NAME
