"""Run graphs of tasks on a cluster, or on threads where there is none."""

import time
from concurrent.futures import ThreadPoolExecutor, wait

import dask
from dask.base import get_scheduler
from dask.threaded import get as get_threaded

# How often a client looks whether its cluster still has workers, in seconds, and how long
# it waits for new ones if dask does not say.
_LOOK_INTERVAL = 1.0
_NO_WORKERS_TIMEOUT = "60s"


def find_scheduler(client, collection):
    """Return the scheduler to use: of a client, of the current one, or of threads."""
    if client is None:
        try:
            from distributed import default_client

            client = default_client()
        except (ImportError, ValueError):  # there is none
            get = get_scheduler(collections=[collection])
            return LocalScheduler(get or get_threaded)
    if client.asynchronous:
        raise ValueError(
            "The client is asynchronous, but fit waits for its result: pass one that was "
            "made with asynchronous=False."
        )
    return ClusterScheduler(client)


def is_held(collection):
    """Return whether the blocks of a collection are in the workers of a cluster."""
    try:
        from distributed import futures_of
    except ImportError:
        return False
    return len(futures_of(collection)) >= collection.npartitions


class LocalScheduler:
    """Runs tasks in this process, or as `scheduler` in the configuration of dask says."""

    def __init__(self, get):
        self._get = get

    def compute(self, graph, keys):
        """Return the results of some keys."""
        return self._get(graph, list(keys))

    def hold(self, graph, keys):
        """Return a graph that has the results of some keys, which stay in memory."""
        return dict(zip(keys, self.compute(graph, keys), strict=True))


class ClusterScheduler:
    """Runs tasks on the workers of a distributed cluster.

    A task that was lost with its worker is run again on another one: that is dask's part,
    and tasks without side effects are ours. So only a cluster without workers ends a fit.
    """

    def __init__(self, client):
        self._client = client

    def compute(self, graph, keys):
        """Return the results of some keys."""
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        futures = self._submit(graph, keys)
        try:
            return self._gather(futures)
        except BaseException as error:  # an interrupt, too, stops the tasks
            if self._client.status != "running":
                raise RuntimeError(
                    "The client was closed, or lost its cluster, before the fit had ended."
                ) from error
            self._client.cancel(futures, reason="the fit has ended")
            if isinstance(error, CancelledError):
                raise RuntimeError(
                    "The cluster has lost blocks that it cannot compute again, such as "
                    f"rows that were scattered: {error}"
                ) from error
            if isinstance(error, KilledWorker):
                raise RuntimeError(
                    "Workers died each time they came to the same block. Perhaps it is "
                    f"too large for their memory: {error}"
                ) from error
            raise

    def hold(self, graph, keys):
        """Return a graph that has the results of some keys, which stay in the workers."""
        return dict(zip(keys, self._submit(graph, keys), strict=True))

    def _submit(self, graph, keys):
        # that the graph has the labels is known
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            return self._client.get(graph, list(keys), sync=False)

    def _gather(self, futures):
        """Return the results, or raise an error if all workers are gone.

        The client would wait for workers forever, so it waits in a thread.
        """
        limit = dask.config.get("distributed.scheduler.no-workers-timeout", None)
        limit = dask.utils.parse_timedelta(limit or _NO_WORKERS_TIMEOUT)
        pool = ThreadPoolExecutor(1)
        results = pool.submit(self._client.gather, futures)
        pool.shutdown(wait=False)
        last_seen = time.monotonic()
        while not wait([results], timeout=_LOOK_INTERVAL).done:
            if self._client.nthreads():
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > limit:
                raise RuntimeError(
                    f"The cluster has had no workers for {limit:.0f} seconds."
                )
        return results.result()
