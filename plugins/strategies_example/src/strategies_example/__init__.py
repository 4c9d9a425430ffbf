"""strategies-example."""
