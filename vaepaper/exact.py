"""Arithmetic that gives the same bits on every x86-64 processor with AVX2.

Libraries choose their fastest kernels by the processor's maker and generation. Different kernels add in a
different order, so the last bits differ, and a training carries the last bit into the third digit. Three
things prevent that:

* Matrix products are computed by NumPy's OpenBLAS, told to use its Haswell kernels on one thread
  (OPENBLAS_CORETYPE, OPENBLAS_NUM_THREADS). torch's own products come from MKL, which does other sums on
  Intel than on AMD. `Linear` and `product` here do that for this package's networks alone; other code's torch
  is left as it is.
* torch and NumPy take their AVX2 kernels for everything else (ATEN_CPU_CAPABILITY, NPY_DISABLE_CPU_FEATURES),
  and MKL, which torch asks for exp and log, the kernels that it has for all processors (MKL_CBWR).
* Square roots come from NumPy: MKL's begin with an approximation that each processor makes in its own way.
  The same holds for `torch.atan` and for `torch.log` in float64, which nothing here uses where digits count.

One more rule: torch computes an elementwise function of a *strided* tensor with the C library, whose last
bits change from version to version. So tensors that are cut out of others are made contiguous first.

Where it ends: other architectures (ARM), processors without AVX2, GPUs, and a NumPy without OpenBLAS compute
other last digits. `why_not` says so. tests/golden.py holds the bits of every network, score, baseline and
alarm.
"""

import os
import platform
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_info
from torch import Tensor, nn
from torch.autograd import Function

from vaepaper import ARITHMETIC


def why_not() -> str:
    """Why the last digits computed by this process may differ from other machines' ("": they do not)."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return f"the processor is of the kind {platform.machine()}, not x86-64"
    if torch.backends.cpu.get_cpu_capability() == "DEFAULT":
        return "the processor has no AVX2"
    for name, value in ARITHMETIC.items():
        if os.environ.get(name) != value:
            return f"the environment says {name}={os.environ.get(name, '')!r}; unset it (expected {value!r})"
    if torch.backends.cpu.get_cpu_capability() != "AVX2":
        return "torch was imported before vaepaper; import vaepaper first"
    libraries = [lib for lib in threadpool_info() if "numpy" in Path(lib["filepath"]).parent.name]
    libraries = libraries or threadpool_info()  # conda's NumPy shares one library with others
    blas = [lib for lib in libraries if lib["user_api"] == "blas"]
    if not blas or any(lib["internal_api"] != "openblas" for lib in blas):
        return "this NumPy has no OpenBLAS; take PyPI's, or conda-forge's with libblas=*=*openblas"
    if any(lib.get("architecture") != "Haswell" for lib in blas):
        return "NumPy was imported before vaepaper; import vaepaper first"
    return ""


class _Product(Function):
    """a @ b for matrices, differentiable as often as asked."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return torch.from_numpy(np.matmul(a.detach().numpy(), b.detach().numpy()))

    @staticmethod
    def backward(ctx, slope: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, b = ctx.saved_tensors
        to_a, to_b = ctx.needs_input_grad
        return product(slope, b.mT) if to_a else None, product(a.mT, slope) if to_b else None


class _Affine(Function):
    """x @ weight.T + bias."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return torch.from_numpy(np.matmul(x.detach().numpy(), weight.detach().numpy().T)).add_(bias)

    @staticmethod
    def backward(ctx, slope: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        return product(slope, weight) if ctx.needs_input_grad[0] else None, product(slope.mT, x), slope.sum(0)


def _ours(x: Tensor) -> bool:
    return x.is_cpu and x.dtype in (torch.float32, torch.float64)


def product(a: Tensor, b: Tensor) -> Tensor:
    """a @ b, [… n, k] and [… k, m] → [… n, m]; stacks of matrices have no gradient. On a GPU: torch's own."""
    return _Product.apply(a, b) if _ours(a) else a @ b


class Linear(nn.Linear):
    """torch's layer, with this module's product."""

    def forward(self, x: Tensor) -> Tensor:
        """[n, in] → [n, out]."""
        return _Affine.apply(x, self.weight, self.bias) if _ours(x) else super().forward(x)


def root(x: Tensor) -> Tensor:
    """The square root of each element, correctly rounded; no gradient."""
    return torch.from_numpy(np.sqrt(x.numpy())) if x.is_cpu else x.sqrt()
