"""The laboratory: links, partners and traffic for laggd on one machine.

Everything runs in network namespaces and user space, so that it needs root but no hardware and no
kernel module. Nothing here is needed to run laggd; scripts/demo and tests/smoke are the users.

    command     running programs, waiting for conditions, ending what was started
    network     namespaces, and cables that can be pulled or broken silently
    ovs         Open vSwitch as the partner
    testpmd     DPDK's own bonding driver, as the partner or as a stand-in for laggd
    laggd       the daemon under test, its configuration and its API
    traffic     pings with a gap to measure, TCP with many flows
    laboratory  one laboratory put together: two cables, the partner, a host behind it
    report      the timeline and the table of a run
    acts        what scripts/demo plays
    vm          a guest under QEMU, and linux_bonding as the partner in it
    bound       a guest with NICs bound to vfio-pci, in which laggd runs (scripts/vm-lab)
    fresh       a Debian that is new, on which README is followed
    failover_stand  numbered frames past a lagg whose cables are pulled
    sniffer     a pcap file of what passes an interface
    talk        conversations between two namespaces, for
    capture_corpus  tests/data/captured.pcap, the parser's real traffic
"""
