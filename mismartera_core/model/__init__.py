"""Frozen values: what market data, orders, signals and sessions are."""
