"""The one training loop: Adam on a data set that stays in memory, on one thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from vaepaper import checks


class Adam:
    """Adam (Kingma and Ba 2015), one kernel call a step.

    The kernel is that of `torch.optim.Adam(fused=True)`, and so is every bit of the result. The class around
    it there
    keeps a step counter per parameter and checks each of them: a quarter of a step for the smallest models
        here.
    """

    def __init__(
        self, parameters: Iterable[Tensor], learning_rate: float, betas: tuple[float, float] = (0.9, 0.999)
    ):
        self.parameters = list(parameters)
        self.means = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.count = torch.zeros((), dtype=torch.float32, device=self.parameters[0].device)
        self.fixed = {"lr": learning_rate, "beta1": betas[0], "beta2": betas[1], "eps": 1e-8}
        self.fixed |= {"weight_decay": 0.0, "amsgrad": False, "maximize": False}

    def step(self, loss: Tensor) -> Tensor:
        """Move the parameters, and them alone, down the slope of `loss`, in place; returns it detached."""
        gradients = torch.autograd.grad(loss, self.parameters)
        with torch.no_grad():
            counts = [self.count.add_(1)] * len(self.parameters)
            torch._fused_adam_(self.parameters, gradients, self.means, self.squares, [], counts, **self.fixed)
        return loss.detach()


@contextmanager
def standard() -> Iterator[None]:
    """torch as a new process has it, on one thread, without denormals; the caller's settings come back.

    So the same bits come on any number of cores, whatever the default dtype and device, under `no_grad` or
    not; and the caller's random numbers go on as if nothing had been drawn.
    """
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with (
        torch.random.fork_rng(devices),
        torch.device("cpu"),
        torch.inference_mode(False),
        torch.enable_grad(),
        np.errstate(over="ignore", invalid="ignore"),  # `fit` itself says that a loss is not finite
    ):
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
    """Score on one thread: steps this small gain nothing from two, and others may want the second core."""
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
        ValueError: bad images or settings. FloatingPointError: a loss not finite; names the epoch and the
            step.
    """
    settings = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
    epochs, batch_size, learning_rate, seed = checks.validate(checks.SETTINGS, **settings).values()
    device = next(model.parameters()).device
    data = [checks.images(images, model.inputs).to(device)]
    if labels is not None:
        data.append(labels.to(device))
    history = []
    with standard():
        adam = Adam(model.parameters(), learning_rate)
        order = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        for epoch in progress(range(1, epochs + 1)):
            batches = torch.randperm(len(images), generator=order).to(device).split(batch_size)
            losses = torch.empty(len(batches), device=device)
            for step, batch in enumerate(batches):
                losses[step] = adam.step(model.loss(*[part.index_select(0, batch) for part in data]))
            refuse_infinite("loss", losses, epoch)
            sizes = torch.tensor([len(batch) for batch in batches], device=device)
            history.append(float((losses * sizes).sum() / sizes.sum()))
    return history


def refuse_infinite(name: str, losses: Tensor, epoch: int) -> None:
    """Raise FloatingPointError if a loss of an epoch is not finite; names the step.

    Looked at once an epoch, so that no step waits for it; a NaN stays one, so the first is the culprit.
    """
    if not losses.isfinite().all():
        step = int((~losses.isfinite()).nonzero()[0])
        raise FloatingPointError(f"the {name} is {losses[step]:g} in epoch {epoch}, step {step + 1}")
