"""`python -m pilotage.cli`."""

from pilotage.cli import main

main()
