"""A signal in, alarms out: `Monitor` learns what is normal of a sensor's signal and keeps watching it.

It stands on vaepaper's networks, training and thresholds; nothing of vaepaper's science imports it.
"""

import vaepaper  # noqa: F401  first: it sets the arithmetic that NumPy and torch read when they load

from sensorwatch.monitor import Monitor  # isort: skip
from sensorwatch.read import read_csv  # isort: skip

__all__ = ["Monitor", "read_csv"]
