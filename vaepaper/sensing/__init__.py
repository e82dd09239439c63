"""What signals.py and detector.py stand on: loggers' files, windows, planted faults, blocks of time, streams."""
