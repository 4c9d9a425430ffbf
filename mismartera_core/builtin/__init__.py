"""What comes with the core, written by the rules of plugins."""
