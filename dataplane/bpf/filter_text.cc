#include "dataplane/bpf/filter_text.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lagg::bpf {

namespace {

constexpr std::string_view kBetweenWords = " \t\n\r()[]!=<>&|+*/^%,";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHex = "0123456789abcdefABCDEF";

/// Words behind which a name is one of a service, a protocol or the like, which is read in a file.
constexpr std::array<std::string_view, 8> kNamesInFiles{"port", "portrange", "proto", "protochain",
                                                        "type", "subtype",   "dir",   "direction"};

/// Words of the language that a host's name, if there were one, could follow.
constexpr std::array<std::string_view, 79> kWords{
    "host",   "net",    "mask",    "gateway", "src",       "dst",       "link",    "ether",
    "ppp",    "slip",   "fddi",    "tr",      "wlan",      "arp",       "rarp",    "ip",
    "ip6",    "sctp",   "tcp",     "udp",     "icmp",      "icmp6",     "igmp",    "igrp",
    "pim",    "vrrp",   "carp",    "ah",      "esp",       "atalk",     "aarp",    "decnet",
    "lat",    "sca",    "moprc",   "mopdl",   "iso",       "esis",      "es-is",   "isis",
    "is-is",  "clnp",   "l1",      "l2",      "iih",       "lsp",       "snp",     "csnp",
    "psnp",   "stp",    "ipx",     "netbeui", "broadcast", "multicast", "less",    "greater",
    "byte",   "len",    "length",  "inbound", "outbound",  "ifindex",   "vlan",    "mpls",
    "pppoed", "pppoes", "geneve",  "radio",   "ra",        "ta",        "addr1",   "addr2",
    "addr3",  "addr4",  "address", "llc",     "tcpflags",  "icmptype",  "icmpcode"};

/// Names of numbers, behind a brief beginning.
struct Numbers {
    std::string_view begin;
    std::string_view ends; ///< each between spaces
};
constexpr std::array<Numbers, 4> kNumbers{{
    {"tcp-", " fin syn rst push ack urg ece cwr "},
    {"icmp-", " echoreply unreach sourcequench redirect echo routeradvert routersolicit timxceed "
              "paramprob tstamp tstampreply ireq ireqreply maskreq maskreply "},
    {"icmp6", " type code "},
    {"icmp6-", " destinationunreach packettoobig timeexceeded parameterproblem echo echoreply "
               "multicastlistenerquery multicastlistenerreportv1 multicastlistenerdone "
               "routersolicit routeradvert neighborsolicit neighboradvert redirect routerrenum "
               "nodeinformationquery nodeinformationresponse ineighbordiscoverysolicit "
               "ineighbordiscoveryadvert multicastlistenerreportv2 homeagentdiscoveryrequest "
               "homeagentdiscoveryreply mobileprefixsolicit mobileprefixadvert certpathsolicit "
               "certpathadvert multicastrouteradvert multicastroutersolicit "
               "multicastrouterterm "},
}};

bool is_one_of(std::string_view word, const auto &words) {
    return std::ranges::find(words, word) != words.end();
}

bool is_number_by_name(std::string_view word) {
    return std::ranges::any_of(kNumbers, [&](const Numbers &numbers) {
        return word.starts_with(numbers.begin) &&
               numbers.ends.find(fmt::format(" {} ", word.substr(numbers.begin.size()))) !=
                   std::string_view::npos;
    });
}

bool has_only(std::string_view word, std::string_view characters) {
    return word.find_first_not_of(characters) == std::string_view::npos;
}

/// A number, an IPv4, IPv6 or MAC address, or a range; an ambiguous one counts as a name.
bool is_address(std::string_view word) {
    if (word.find(':') != std::string_view::npos) return has_only(word, "0123456789abcdefABCDEF:.");
    if (word.starts_with("0x") || word.starts_with("0X")) return has_only(word.substr(2), kHex);
    constexpr size_t kMacWithDashes = 17, kMacWithDots = 14;
    if (word.size() == kMacWithDashes && word[2] == '-')
        return has_only(word, "0123456789abcdefABCDEF-");
    if (word.size() == kMacWithDots && word[4] == '.' && word[9] == '.')
        return has_only(word, "0123456789abcdefABCDEF.");
    return has_only(word, "0123456789.-") && kDigits.find(word.front()) != std::string_view::npos;
}

} // namespace

std::optional<std::string> objection_to(std::string_view expression) {
    if (expression.size() > kMostFilterBytes)
        return fmt::format("has {} octets, and {} are possible", expression.size(),
                           kMostFilterBytes);
    size_t tests = 1;
    bool in_files = false;
    for (size_t at = 0; at < expression.size();) {
        const size_t begin = expression.find_first_not_of(kBetweenWords, at);
        const std::string_view gap = expression.substr(at, begin - at);
        if (gap.find("&&") != std::string_view::npos || gap.find("||") != std::string_view::npos)
            ++tests;
        if (begin == std::string_view::npos) break;
        at = std::min(expression.find_first_of(kBetweenWords, begin), expression.size());
        std::string_view word = expression.substr(begin, at - begin);
        if (word == "and" || word == "or") ++tests;
        if (word == "and" || word == "or" || word == "not") continue;
        if (word.front() == '\\' && word.size() > 1) {
            word.remove_prefix(1); // no word of the language, whatever it looks like
        } else if (is_one_of(word, kNamesInFiles) || is_one_of(word, kWords)) {
            in_files = is_one_of(word, kNamesInFiles);
            continue;
        }
        if (!in_files && !is_address(word) && !is_number_by_name(word))
            return fmt::format("'{}' is no word of the language, and names of hosts are not looked "
                               "up: write the address",
                               word);
    }
    if (tests > kMostFilterTests)
        return fmt::format("joins {} tests by 'and' and 'or', and {} are possible; 'net' with a "
                           "mask takes the place of many hosts, and more rules of many tests",
                           tests, kMostFilterTests);
    return std::nullopt;
}

} // namespace lagg::bpf
