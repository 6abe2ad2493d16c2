"""The whole loop on clips made for it."""
