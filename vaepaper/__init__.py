"""Anomaly detection with (variational) auto-encoders that learn from normal data alone: the report, reproduced."""
