"""What the engine costs, beside bare loops and peers on the same data: `python -m benchmarks`."""
