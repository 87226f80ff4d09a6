"""Benchmarks: each target prints its figures and writes them to bench/out; a report, not a test."""
