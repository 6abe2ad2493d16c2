"""How a model learns from a batch. Needs no database."""
