"""Benchmarks: never part of the tests, because their figures depend on the machine."""
