"""How long the guest stood still, because the machine under it was busy with something else.

A thread that sleeps for milliseconds wakes late exactly then. What is asked of laggd in tenths of a
second is asked of the time in which anything ran at all.
"""

import threading
import time

NAP = 0.005         # seconds
NOTICEABLE = 0.010  # what a nap may take longer without being a stall


class Stalls:
    """Use it as a context manager around what is measured."""

    def __init__(self):
        self._going = True
        self._found = []  # (from, until) each, as time.time() tells it
        self._thread = threading.Thread(target=self._doze, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._going = False
        self._thread.join(5)

    def within(self, start, end):
        """Seconds of stalls between those two of time.time()."""
        return sum(max(0.0, min(until, end) - max(since, start)) for since, until in self._found)

    def total(self):
        """Seconds of all of them so far."""
        return sum(until - since for since, until in list(self._found))

    def _doze(self):
        while self._going:
            before = time.time()
            time.sleep(NAP)
            woken = time.time()
            if woken - before > NAP + NOTICEABLE:
                self._found.append((before + NAP, woken))
