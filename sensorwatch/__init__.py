"""Watch a sensor's signal: read a logger's file, learn what is normal, raise alarms."""

from sensorwatch.read import read_csv

__all__ = ["read_csv"]
