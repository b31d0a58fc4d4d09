"""``python -m trendlib`` is the command ``trendlib``."""

import sys

from trendlib.cli import main

sys.exit(main())
