/* Threads, and a barrier at which the threads of a step wait for each other.

   The barrier of OpenMP does not yield the core while it waits. If two threads share a core, as
   on a busy machine, one step would then take a whole time slice of the system. */

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
