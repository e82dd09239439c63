"""The one training loop: Adam on a data set that stays in memory, on one thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from vaepaper import checks
from vaepaper.images import check_images


class Adam:
    """Adam (Kingma and Ba 2015), one kernel call a step.

    The kernel is that of `torch.optim.Adam(fused=True)`, and so is every bit of the result. The class around it there
    keeps a step counter per parameter and checks each of them: a quarter of a step for the smallest models here.
    """

    def __init__(self, parameters: Sequence[Tensor], learning_rate: float):
        self.parameters, self.learning_rate = parameters, learning_rate
        self.means = [torch.zeros_like(p) for p in parameters]
        self.squares = [torch.zeros_like(p) for p in parameters]
        self.count = torch.zeros((), dtype=torch.float32, device=parameters[0].device)

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor]) -> None:
        """Move the parameters in place, against `gradients`."""
        self.count += 1
        counts = [self.count] * len(self.parameters)
        fixed = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0, "amsgrad": False, "maximize": False}
        torch._fused_adam_(
            self.parameters, gradients, self.means, self.squares, [], counts, lr=self.learning_rate, **fixed
        )


@contextmanager
def standard() -> Iterator[None]:
    """torch as a new process has it, on one thread and without denormals; the caller's settings back afterwards.

    So the same bits come on any number of cores, whatever the default dtype and device, under `no_grad` or not; and
    the caller's random numbers go on as if nothing had been drawn.
    """
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices), torch.device("cpu"), torch.inference_mode(False), torch.enable_grad():
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_flush_denormal(False)
            torch.set_num_threads(threads)


@contextmanager
def one_thread() -> Iterator[None]:
    """Score on one thread: steps this small gain nothing from two, and lose much where others want the second core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            yield
    finally:
        torch.set_num_threads(threads)


def fit(
    model: nn.Module,
    images: Tensor,
    labels: Tensor | None = None,
    *,
    epochs: int = 20,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    seed: int = 0,
    progress: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> list[float]:
    """Minimise `model.loss` with Adam, in place, on the device where the model is.

    Args:
        images: float32 [n, model.inputs] in [0, 1].
        labels: int64 [n], for a model whose loss takes them.
        seed: of the batches' order and of what the loss samples.
        progress: what the epochs go through; `tqdm` shows them as they pass.

    Returns:
        The mean loss of each epoch.

    Raises:
        ValueError: bad images or settings. FloatingPointError: a loss not finite; names the epoch and the step.
    """
    epochs, batch_size = checks.whole("epochs", epochs), checks.whole("batch_size", batch_size)
    learning_rate, seed = checks.number("learning_rate", learning_rate, 0, above=True), checks.whole("seed", seed, 0)
    parameters = list(model.parameters())
    device = parameters[0].device
    data = [check_images(images, model.inputs).to(device), *([] if labels is None else [labels.to(device)])]
    history = []
    with standard():
        adam = Adam(parameters, learning_rate)
        order = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        for epoch in progress(range(1, epochs + 1)):
            batches = torch.randperm(len(images), generator=order).to(device).split(batch_size)
            losses = torch.empty(len(batches), device=device)
            for step, batch in enumerate(batches):
                loss = model.loss(*[part.index_select(0, batch) for part in data])
                adam.step(torch.autograd.grad(loss, parameters))
                losses[step] = loss.detach()
            # Looked at once an epoch, so that no step waits for it; a NaN stays one, so the first is the culprit.
            if not losses.isfinite().all():
                step = int((~losses.isfinite()).nonzero()[0])
                raise FloatingPointError(f"the loss is {losses[step]:g} in epoch {epoch}, step {step + 1}")
            sizes = torch.tensor([len(batch) for batch in batches], device=device)
            history.append(float((losses * sizes).sum() / sizes.sum()))
    return history
