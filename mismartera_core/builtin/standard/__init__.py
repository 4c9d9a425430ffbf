"""The risk check `standard`: every limit a live session is held to, on by default."""
