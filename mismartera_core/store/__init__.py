"""Where market data stand while a session is replayed."""
