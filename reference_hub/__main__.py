"""``python -m reference_hub``: see :mod:`reference_hub.command`."""

import gc
import sys

if __name__ == "__main__":
    # All that is loaded is kept: to look for garbage in it would take a tenth of the start.
    gc.disable()
    from .command import main

    sys.exit(main())
