"""Benchmarks: what a month costs, always as a ratio to a reference that runs beside it."""
