"""What `make` calls: notebooks executed, results brought back, the offline site."""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read when they load
