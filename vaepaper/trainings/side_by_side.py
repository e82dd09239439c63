"""Many calls at once: on all cores of this machine, or on the Dask cluster of VAEPAPER_SCHEDULER; with a bar."""

import os
from collections.abc import Callable, Iterator, Sequence

import joblib

from vaepaper import paths
from vaepaper.trainings import progress
from vaepaper.trainings.descriptions import arithmetic

# NumPy must find the settings of vaepaper/__init__.py when it loads, which in a Dask worker is before our code.
WORKER = "dask worker ADDRESS --nthreads 1 --preload-nanny vaepaper"


def each(
    call: Callable, jobs: Sequence[tuple], data: Sequence, work: Sequence[float], title: str, *, alone: bool = False
) -> Iterator:
    """What `call(*job, share, caller, *data)` returns for each job, as they end.

    Args:
        call: leaves in `share` [1] which part of it is done; `caller` is this process.
        data: sent to each worker once. work: of each job, for the bar. alone: one after the other, in this process.

    Raises:
        ConnectionError: no scheduler answers, or it has no workers. RuntimeError: a worker lacks our code or other
            code runs there, or workers died again and again. And what `call` raises.
    """
    address = os.environ.get("VAEPAPER_SCHEDULER")
    with progress.shown(title, work) as shares:
        calls = [(n, call, *job, shares[n : n + 1], os.getpid()) for n, job in enumerate(jobs)]
        for n, result in _on_cluster(address, calls, data) if address else _here(calls, data, alone):
            shares[n] = 1  # a cluster's workers cannot write there
            yield result


def _numbered(n: int, call: Callable, *arguments) -> tuple:
    return n, call(*arguments)


def _here(calls: Sequence[tuple], data: Sequence, alone: bool) -> Iterator[tuple]:
    # Workers read the data from one memory map, which a small /tmp or /dev/shm may not hold: so in the build folder.
    # "c" copies a page only if it is written to.
    folder = str(paths.writable(paths.BUILD / "shared"))
    parallel = joblib.Parallel(1 if alone else -1, return_as="generator_unordered", mmap_mode="c", temp_folder=folder)
    yield from parallel(joblib.delayed(_numbered)(*call, *data) for call in calls)


def _on_cluster(address: str, calls: Sequence[tuple], data: Sequence) -> Iterator[tuple]:
    from distributed import Client, as_completed  # here: only a cluster needs it
    from distributed.client import CancelledError
    from distributed.scheduler import KilledWorker

    start = WORKER.replace("ADDRESS", address)
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise ConnectionError(
            f"no Dask scheduler answers at {address} (VAEPAPER_SCHEDULER). Start one with `dask scheduler`,"
            " or unset the variable to train on this machine."
        ) from error
    with client:
        if not client.ncores():
            raise ConnectionError(f"the Dask scheduler at {address} has no workers; start some: `{start}`")
        try:
            client.run(arithmetic)  # each imports our code; whether it is the same, `call` looks
            sent = client.scatter(list(data), broadcast=True)
            for done in as_completed(client.submit(_numbered, *call, *sent, pure=False) for call in calls):
                yield done.result()
        except (KilledWorker, CancelledError) as error:
            raise RuntimeError(
                f"workers of {address} died again and again at one training (out of memory?), or all have gone."
                f" What had ended is remembered; start others (`{start}`) and run again."
            ) from error
        except Exception as error:
            said = str(error)  # the scheduler hands it on in several wrappings
            if "No module named 'vaepaper" not in said and "deserialization" not in said:
                raise
            why = str(error.__cause__ or error).splitlines()[0]
            raise RuntimeError(
                f"the Dask cluster at {address} lacks our code ({why}); install this commit there"
            ) from error
