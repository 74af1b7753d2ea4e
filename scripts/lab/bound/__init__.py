"""Bound NICs: laggd in a guest whose NICs are bound to vfio-pci behind an emulated IOMMU.

machine.py and cabling.py are for the host, which starts the guest; everything else runs in the
guest, where the host's root file system is the root too.
"""
