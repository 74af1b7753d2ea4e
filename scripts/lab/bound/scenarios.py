"""Every scenario by its name."""

from functools import partial

from .cabling import DRIVERS
from .flows import flows
from .matrix import matrix
from .pulls import pulls
from .removal import removal
from .smoke import mixed, smoke

# Name: what runs it, called with the guest, the report and its name.
SCENARIOS = {
    "smoke": smoke,
    **{f"smoke-{driver}": partial(smoke, drivers=[driver]) for driver in DRIVERS},
    "mixed": mixed,
    "flows": flows,
    **{f"removal-{driver}": partial(removal, driver=driver) for driver in DRIVERS},
    **{f"pulls-{driver}": partial(pulls, driver=driver) for driver in DRIVERS},
    **{f"matrix-{driver}": partial(matrix, driver=driver) for driver in DRIVERS},
}


def about(name):
    """Its first sentence."""
    function = SCENARIOS[name]
    text = getattr(function, "func", function).__doc__
    return text.splitlines()[0]
