"""Lets ``python -m trendlib`` run the command ``trendlib``."""

import sys
from pathlib import Path

# Python would look for libraries in the current folder first: a numpy.py there would be run.
if not sys.flags.safe_path and Path(sys.path[0]).resolve() != Path(__file__).resolve().parents[1]:
    del sys.path[0]

from trendlib.cli import main

sys.exit(main())
