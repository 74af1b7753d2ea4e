// A port's past: the frames it sent and took, and what its machines did.
#include "laggctl/render.hh"

#include "laggctl/port_words.hh"
#include "laggctl/table.hh"

#include <fmt/format.h>

namespace lagg::ctl {
namespace {

using api::LacpEnd;
using api::Pdu;
using api::PortHistory;

std::string end_text(const std::optional<LacpEnd> &end) {
    if (!end) return "";
    return fmt::format("{},{} {} {},{} {}", end->system_priority, end->system, end->key,
                       end->port_priority, end->port, end->flags.text());
}

std::string rest_text(const Pdu &pdu) {
    if (pdu.marker)
        return fmt::format("of {} port {}, transaction {}", pdu.marker->system, pdu.marker->port,
                           pdu.marker->transaction);
    if (!pdu.actor) return fmt::format("{} octets", pdu.length);
    std::string text;
    for (const std::string &change : pdu.changed)
        text += (text.empty() ? "" : ", ") + change;
    return text;
}

/// The time of day in "2026-01-31T23:59:59.123Z".
std::string time_of_day(const std::string &time) {
    constexpr size_t kDate = 11;
    constexpr size_t kTime = 12;
    return time.size() > kDate ? time.substr(kDate, kTime) : time;
}

void add_hex(Table &table, const std::string &hex) {
    constexpr size_t kDigitsALine = 64;
    for (size_t at = 0; at < hex.size(); at += kDigitsALine)
        table.note(fmt::format("  {:3}  {}", at / 2, hex.substr(at, kDigitsALine)));
}

std::string head_text(const PortHistory &history, const char *what) {
    return printable(fmt::format("{}  {}: {}", history.lagg, history.port, what)) + "\n";
}

} // namespace

std::string render_pdus(const PortHistory &history, bool as_hex) {
    if (history.pdus.empty()) return head_text(history, "no frame has been sent or has come");
    Table table({{"TIME"},
                 {"DIR"},
                 {"KIND"},
                 {"ACTOR system key port flags"},
                 {"PARTNER system key port flags"},
                 {"CHANGED"}});
    for (const Pdu &pdu : history.pdus) {
        table.row({time_of_day(pdu.time), pdu.direction, pdu.kind, end_text(pdu.actor),
                   end_text(pdu.partner), rest_text(pdu)});
        if (as_hex) add_hex(table, pdu.hex);
    }
    return head_text(history, "the last frames, oldest first, times in UTC") + table.text(2);
}

std::string render_history(const PortHistory &history) {
    if (history.transitions.empty()) return head_text(history, "nothing has happened yet");
    Table table({{"TIME"}, {"AGO", Align::RIGHT}, {"MACHINE"}, {"FROM"}, {"TO"}, {"BECAUSE"}});
    for (const api::Transition &transition : history.transitions)
        table.row({transition.time, duration_text(transition.seconds_ago), transition.machine,
                   transition.from, transition.to, transition.reason});
    return head_text(history, "what its machines did, oldest first") + table.text(2);
}

} // namespace lagg::ctl
