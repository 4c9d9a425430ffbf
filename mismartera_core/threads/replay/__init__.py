"""How the analysis engine replays a frame: units, steps and the compiled loop."""
