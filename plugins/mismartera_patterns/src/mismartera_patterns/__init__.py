"""Chart patterns as causal indicators."""
