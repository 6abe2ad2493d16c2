"""Crash drills: real workers, killed while they download, and what must be true afterwards."""
