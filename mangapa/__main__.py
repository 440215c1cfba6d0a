"""``python -m mangapa`` is the command ``mangapa``."""

import sys

from mangapa.cli import main

sys.exit(main())
