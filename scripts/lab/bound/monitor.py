"""QEMU's monitor, asked from inside the guest over the serial port that the host listens to."""

import json
import os
import time
import tty

from ..command import LabError

DEVICE = "/dev/ttyS2"
ANSWER_LIMIT = 10  # seconds


class Monitor:
    def __init__(self):
        self._port = os.open(DEVICE, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._port)

    def ask(self, verb, **arguments):
        """When the question was sent and when it was answered, as time.time() tells it."""
        line = json.dumps({"verb": verb, "arguments": arguments}) + "\n"
        asked = time.time()
        self._send(line.encode())
        answer = json.loads(self._line(asked + ANSWER_LIMIT))
        if not answer["ok"]:
            raise LabError(answer["error"])
        return asked, time.time()

    def _send(self, data):
        while data:
            try:
                data = data[os.write(self._port, data):]
            except BlockingIOError:
                time.sleep(0.001)

    def _line(self, deadline):
        text = b""
        while not text.endswith(b"\n"):
            try:
                text += os.read(self._port, 4096)
            except BlockingIOError:
                if time.time() > deadline:
                    raise LabError("QEMU's monitor gave no answer") from None
                time.sleep(0.001)
        return text.decode()

    def set_link(self, nic, up):
        """The carrier of one NIC: the cable at that end is pulled or plugged in."""
        return self.ask("set_link", name=nic, up=up)
