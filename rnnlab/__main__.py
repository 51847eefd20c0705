"""`python -m rnnlab` is `rnnlab`."""

from rnnlab.cli import main

main(prog_name="rnnlab")
