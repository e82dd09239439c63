"""Figures in one style: one function a kind, which takes data and returns a figure."""
