"""How long a program may take in the guest before something is wrong with it.

Nothing is asked of these times. Under emulation on a machine that others use as well, starting a
program can take seconds.
"""

PATIENCE = 90  # seconds
