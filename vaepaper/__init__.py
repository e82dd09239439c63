"""Anomaly detection with (variational) auto-encoders that learn from normal data alone: a report, reproduced.

Importing this package asks NumPy and torch for the same arithmetic on every x86-64 processor (see
`vaepaper.exact`).
"""

import os
import sys
import warnings

# Read once, when NumPy and torch load. What each does, and how it was shown to matter: `vaepaper.exact`.
ARITHMETIC = {
    "OPENBLAS_CORETYPE": "Haswell",
    "OPENBLAS_NUM_THREADS": "1",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "COMPATIBLE",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}

if any(os.environ.get(name) != value for name, value in ARITHMETIC.items()):
    if early := [name for name in ("numpy", "torch") if name in sys.modules]:
        warnings.warn(
            f"{' and '.join(early)} was imported before vaepaper, so the last digits of results may differ"
            " from those of other processors: import vaepaper first",
            stacklevel=2,
        )
    for name, value in ARITHMETIC.items():
        os.environ.setdefault(name, value)  # what a user has set stays; `exact.why_not` says so
