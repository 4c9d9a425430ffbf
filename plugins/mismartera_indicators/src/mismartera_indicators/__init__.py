"""mismartera-indicators."""
