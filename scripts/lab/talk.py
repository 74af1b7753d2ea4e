"""The two ends of the traffic that capture_corpus.py records: `talk.py serve` echoes, `talk.py
ADDRESS...` holds a conversation of every kind with each address. Runs inside network namespaces,
where it is an ordinary program: every frame is the kernel's."""

import socket
import socketserver
import sys
import threading

PORT = 7001
CONNECTIONS, DATAGRAMS = 4, 4
OPTIONS4 = bytes([1, 1, 1, 0])                          # three times no operation, the end
OPTIONS6 = bytes([0, 0, 1, 4, 0, 0, 0, 0])              # PadN; the kernel sets the next header
IPV6_HOPOPTS, IPV6_DSTOPTS = 54, 59  # <linux/in6.h>; not every Python names them


class Stream(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        sock.sendto(data, self.client_address)


class BothFamilies:
    address_family = socket.AF_INET6  # and IPv4 as mapped addresses
    allow_reuse_address = True
    daemon_threads = True


class TcpServer(BothFamilies, socketserver.ThreadingTCPServer):
    pass


class UdpServer(BothFamilies, socketserver.ThreadingUDPServer):
    pass


def serve():
    udp = UdpServer(("::", PORT), Datagram)
    threading.Thread(target=udp.serve_forever, daemon=True).start()
    TcpServer(("::", PORT), Stream).serve_forever()


def exchange(sock, size):
    """Sends `size` octets and takes them back."""
    sock.send(bytes(size))
    left = size
    while left > 0:
        left -= len(sock.recv(65536))


def connect(family, kind, address):
    sock = socket.socket(family, kind)
    sock.settimeout(5)
    sock.connect((address, PORT))
    return sock


def options_of(sock, family):
    """Options in every packet from here on."""
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, OPTIONS4)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_HOPOPTS, OPTIONS6)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_DSTOPTS, OPTIONS6)


def talk(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for number in range(CONNECTIONS):
        with connect(family, socket.SOCK_STREAM, address) as sock:
            if number == 0:
                options_of(sock, family)
            exchange(sock, 2000)
    for number in range(DATAGRAMS):
        with connect(family, socket.SOCK_DGRAM, address) as sock:
            if number == 0:
                options_of(sock, family)
            exchange(sock, 100)
            if number < 2:
                exchange(sock, 4000)  # fragments


def main():
    if sys.argv[1:] == ["serve"]:
        serve()
    for address in sys.argv[1:]:
        talk(address)


if __name__ == "__main__":
    main()
