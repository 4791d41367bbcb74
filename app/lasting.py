"""What lasts as long as the process: the collector of garbage need not look at it again and again.

It is some 200,000 objects, nearly all of them modules and what is in them. Looking at all of them takes 0.1 s, and
Streamlit had that done after each run of a page: three quarters of the processor's time that a refresh took.
"""

import gc
import importlib
import pkgutil

import app.ui


def set_aside() -> int:
    """Load what the pages need, and let the collector leave alone all that there is now; gives how many objects.

    Call it once, when the service is about to answer: of what was set aside only that which nothing points to any more
    is freed, and no circle.
    """
    for found in pkgutil.walk_packages(app.ui.__path__, f"{app.ui.__name__}."):
        importlib.import_module(found.name)
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()
