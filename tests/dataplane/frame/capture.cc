#include "tests/dataplane/frame/capture.hh"

#include <pcap/pcap.h>

#include <array>
#include <cstdio>
#include <memory>

namespace lagg::frame {

std::vector<std::vector<uint8_t>> read_capture(const std::string &path) {
    std::array<char, PCAP_ERRBUF_SIZE> error{};
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> file(
        pcap_open_offline(path.c_str(), error.data()), &pcap_close);
    if (!file) {
        std::fprintf(stderr, "%s: %s\n", path.c_str(), error.data());
        return {};
    }
    if (pcap_datalink(file.get()) != DLT_EN10MB) {
        std::fprintf(stderr, "%s: the frames are not Ethernet's\n", path.c_str());
        return {};
    }
    std::vector<std::vector<uint8_t>> frames;
    pcap_pkthdr *header = nullptr;
    const u_char *octets = nullptr;
    while (pcap_next_ex(file.get(), &header, &octets) == 1)
        frames.emplace_back(octets, octets + header->caplen);
    return frames;
}

} // namespace lagg::frame
