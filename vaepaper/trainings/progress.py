"""How far many trainings are: a bar that moves while each of them runs, with the time left."""

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tqdm import tqdm

BAR = "{desc} {percentage:3.0f}% |{bar:20}| {elapsed} < {remaining}"


def into(share: np.ndarray) -> Callable[[Sequence[int]], Iterable[int]]:
    """Goes through epochs as `tqdm` does, and leaves in `share` [1] which part of them has ended."""

    def through(epochs: Sequence[int]) -> Iterator[int]:
        for ended, epoch in enumerate(epochs, 1):
            yield epoch
            share[:] = ended / len(epochs)

    return through


@contextmanager
def shown(title: str, work: Sequence[float]) -> Iterator[np.ndarray]:
    """A bar over jobs of `work` each; yields the shares [jobs] that are done, which other processes can write too."""
    with tempfile.TemporaryDirectory() as folder:
        # A file's memory: joblib hands it to its workers as it is, so that what they write is seen here.
        shares = np.memmap(Path(folder) / "shares", np.float32, "w+", shape=len(work))
        ended = threading.Event()
        with tqdm(total=sum(work), desc=title, bar_format=BAR, leave=False) as bar:

            def look() -> None:
                while not ended.wait(0.5):
                    bar.n = float(shares @ work)
                    bar.refresh()

            watch = threading.Thread(target=look, daemon=True)
            watch.start()
            try:
                yield shares
            finally:
                ended.set()
                watch.join()
