"""Every scenario by its name."""

from functools import partial

from .cabling import DRIVERS
from .smoke import smoke

# Name: what runs it, called with the guest, the report and its name.
SCENARIOS = {
    "smoke": smoke,
    **{f"smoke-{driver}": partial(smoke, drivers=[driver]) for driver in DRIVERS},
}


def about(name):
    """Its first sentence."""
    function = SCENARIOS[name]
    text = getattr(function, "func", function).__doc__
    return text.splitlines()[0]
