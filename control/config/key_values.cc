#include "control/config/key_values.hh"

#include "control/config/values.hh"
#include "dataplane/base/wording.hh"

namespace lagg::config {

std::optional<std::string> read_path(TableReader &reader, std::string_view key,
                                     const char *example) {
    const auto path = reader.text(key);
    if (!path) return std::nullopt;
    if (!path->text.starts_with('/')) {
        reader.complain(path->at, reader.subject(key) + " is " + in_quotes(path->text) +
                                      "; it must be an absolute path, such as " +
                                      in_quotes(example));
    } else if (!shows_as_written(path->text)) {
        reader.complain(path->at, reader.subject(key) + " is " + in_quotes(path->text) +
                                      "; it must be a path without control characters and without "
                                      "marks that turn the direction of writing");
    } else {
        return path->text;
    }
    return std::nullopt;
}

std::optional<MacAddress> read_mac(TableReader &reader, std::string_view key) {
    const auto text = reader.text(key);
    if (!text) return std::nullopt;
    auto mac = parse_unicast_mac(text->text, reader.subject(key));
    if (mac) return *mac;
    reader.complain(text->at, mac.error().message);
    return std::nullopt;
}

Form path_form() {
    return text_form("^/");
}

Form mac_form() {
    return text_form("^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$");
}

} // namespace lagg::config
