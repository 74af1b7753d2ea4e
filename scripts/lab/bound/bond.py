"""The partner: Linux bonding over virtio NICs of the guest, in a namespace of its own."""

from ..command import run
from ..linux_bonding import parsed
from .patience import PATIENCE

# What laggd calls a protocol, and the mode of the driver that goes with it.
MODES = {"lacp": "802.3ad", "failover": "active-backup", "loadbalance": "balance-xor",
         "roundrobin": "balance-rr"}
DISTRIBUTING = 0x20


class Bond:
    """A bond of `interfaces`, all in `namespace`."""

    def __init__(self, namespace, name):
        self.namespace = namespace
        self.name = name
        self.interfaces = []

    def make(self, interfaces, protocol, mtu, addresses):
        """In place of what it was before."""
        self.remove()
        self.interfaces = interfaces
        more = ["miimon", "20"]
        if protocol == "lacp":
            more += ["lacp_rate", "fast"]
        if protocol in ("lacp", "loadbalance"):
            more += ["xmit_hash_policy", "layer3+4"]
        lines = [f"link add {self.name} type bond mode {MODES[protocol]} {' '.join(more)}"]
        for interface in interfaces:
            lines += [f"link set {interface} down", f"link set {interface} master {self.name}"]
        lines.append(f"link set {self.name} mtu {mtu} up")
        lines += [f"addr add {address} dev {self.name}{' nodad' if ':' in address else ''}"
                  for address in addresses]
        self._ip(*lines)

    def remove(self):
        if self.interfaces:
            self._ip(f"link del {self.name}")
        self.interfaces = []

    def set_mtu(self, mtu):
        self._ip(f"link set {self.name} mtu {mtu}")

    def active(self, interface):
        """With active-backup: `interface` is the one in use."""
        path = f"/sys/class/net/{self.name}/bonding/active_slave"
        self.namespace.run(["sh", "-c", f"echo {interface} > {path}"], PATIENCE)

    def text(self):
        return self.namespace.run(["cat", f"/proc/net/bonding/{self.name}"], PATIENCE)

    def told(self):
        """As parsed() tells it."""
        return parsed(self.text())

    def distributing(self):
        """Interfaces that LACP uses."""
        return [name for name, member in self.told()["members"].items()
                if member["actor"] and member["actor"]["state"] & DISTRIBUTING]

    def _ip(self, *lines):
        """Lines for one `ip`, since starting a program takes long under emulation."""
        run(["ip", "-n", self.namespace.name, "-batch", "-"], text_in="\n".join(lines) + "\n",
            timeout=PATIENCE)
