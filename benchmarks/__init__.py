"""Benchmarks: speed and quality, measured, never tested. `python3 dev.py bench` lists them."""
