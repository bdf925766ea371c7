/* Threads, and where those of a step wait for each other.

   Threads of OpenMP would wait without giving way: should two of them share a core, as
   happens on a busy machine, a step would take as long as the system lets a thread run. */

#ifndef SK_NEURON_BARRIER_H
#define SK_NEURON_BARRIER_H

#include <stddef.h>

#ifdef _OPENMP
#include <omp.h>
#include <sched.h>
#define CPU_YIELD() sched_yield()
static int get_max_threads(void) { return omp_get_max_threads(); }
#else
#define CPU_YIELD() ((void)0)
static int get_max_threads(void) { return 0; }
#endif

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
