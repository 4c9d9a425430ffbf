"""Alpaca for MisMartera."""
