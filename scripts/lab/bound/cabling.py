"""Which NICs the guest has, told once for the host that makes them and the guest that uses them.

Cable N has laggd's NIC dN at one end and the partner's NIC pN, which is always virtio, at the
other; they meet on hub N of QEMU. Each driver has two cables, so that one lagg of two ports exists
for every driver, and several drivers can be mixed.
"""

from dataclasses import dataclass

# What QEMU calls the device behind each driver.
MODELS = {"e1000": "e1000", "e1000e": "e1000e", "vmxnet3": "vmxnet3", "virtio": "virtio-net-pci"}
DRIVERS = list(MODELS)
OF_EACH_DRIVER = 2
# A virtio NIC behind the IOMMU has to be told that it is.
MORE = {"virtio": {"disable-legacy": "on", "iommu_platform": "on"}}
# Slots of the root bus: the partner's NICs, and the ports that laggd's NICs are plugged into.
FIRST_PARTNER_SLOT, FIRST_ROOT_PORT = 0x04, 0x10


@dataclass(frozen=True)
class Cable:
    number: int
    driver: str

    @property
    def nic(self):
        """QEMU's name for laggd's end."""
        return f"d{self.number}"

    @property
    def partner_nic(self):
        return f"p{self.number}"

    @property
    def root_port(self):
        """PCI address of the port that laggd's NIC is behind."""
        return f"0000:00:{FIRST_ROOT_PORT + self.number:02x}.0"

    @property
    def partner_slot(self):
        """PCI address of the partner's NIC."""
        return f"0000:00:{FIRST_PARTNER_SLOT + self.number:02x}.0"

    @property
    def device(self):
        """Arguments of laggd's NIC, as QEMU's monitor takes them."""
        return {"driver": MODELS[self.driver], "id": self.nic, "netdev": f"h{self.nic}",
                "bus": f"port{self.number}", "mac": f"02:00:00:00:1a:{self.number:02x}",
                "romfile": "", **MORE.get(self.driver, {})}

    def hardware(self):
        """QEMU's arguments for both ends and the hub."""
        device = ",".join(f"{key}={value}" if key != "driver" else value
                          for key, value in self.device.items())
        return ["-device", f"pcie-root-port,id=port{self.number},chassis={self.number + 1},"
                f"addr={FIRST_ROOT_PORT + self.number:#x}",
                "-netdev", f"hubport,id=h{self.nic},hubid={self.number}", "-device", device,
                "-netdev", f"hubport,id=h{self.partner_nic},hubid={self.number}",
                "-device", f"virtio-net-pci,disable-legacy=on,id={self.partner_nic},"
                f"netdev=h{self.partner_nic},mac=02:00:00:00:b0:{self.number:02x},speed=1000,"
                f"duplex=full,romfile=,addr={FIRST_PARTNER_SLOT + self.number:#x}"]


CABLES = [Cable(OF_EACH_DRIVER * index + which, driver) for index, driver in enumerate(DRIVERS)
          for which in range(OF_EACH_DRIVER)]


def cables_of(driver):
    return [cable for cable in CABLES if cable.driver == driver]
