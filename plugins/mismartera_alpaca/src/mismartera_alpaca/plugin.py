"""The hooks of the Alpaca plugin."""
