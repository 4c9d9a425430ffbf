"""Example strategies, one file each, to read, copy and change."""
