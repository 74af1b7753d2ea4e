"""PCI devices in the guest: found behind their ports, bound to vfio-pci, and made to die."""

import os
from pathlib import Path

from ..command import LabError, wait_for

DEVICES = Path("/sys/bus/pci/devices")
BOUND_DRIVER = "vfio-pci"
COMMAND_REGISTER = 4  # of the configuration space, 16 bits
APPEAR_LIMIT = 20     # seconds; a plugged device waits for its port's indicator to stop blinking


def behind(root_port):
    """PCI address of the one device behind a port; None while there is none."""
    # The port's own services are there too, with its address and a word behind a colon.
    return next((path.name for path in (DEVICES / root_port).glob("????:??:??.?")), None)


def wait_behind(root_port, timeout=APPEAR_LIMIT):
    """PCI address of a device that is complete: its link is there before its files are."""
    def complete():
        address = behind(root_port)
        return address if address and (DEVICES / address / "driver_override").exists() else None

    return wait_for(f"a device behind port {root_port}", complete, timeout)


def driver(address):
    """Name of the driver that a device is bound to; None for none."""
    link = DEVICES / address / "driver"
    return Path(os.readlink(link)).name if link.exists() else None


def bind(address):
    """Away from whatever has it, to vfio-pci, as devbind does."""
    device = DEVICES / address
    (device / "driver_override").write_text(BOUND_DRIVER)
    if driver(address) not in (None, BOUND_DRIVER):
        (device / "driver" / "unbind").write_text(address)
    if driver(address) is None:
        Path("/sys/bus/pci/drivers_probe").write_text(address)
    if driver(address) != BOUND_DRIVER:
        raise LabError(f"{address} is bound to {driver(address)}, not to {BOUND_DRIVER}")


def interface(address):
    """Name of the kernel interface of a virtio NIC."""
    return wait_for(f"a kernel interface of {address}", lambda: next(
        (path.name for path in (DEVICES / address).glob("virtio*/net/*")), None), APPEAR_LIMIT)


def die(address):
    """The device answers no access any more, and says nothing: whatever is read is ones."""
    with open(DEVICES / address / "config", "r+b", buffering=0) as space:
        space.seek(COMMAND_REGISTER)
        space.write(bytes(2))
