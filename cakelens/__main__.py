"""`python -m cakelens VIDEO` is the `cakelens` command."""

from cakelens.cli import main

main()
