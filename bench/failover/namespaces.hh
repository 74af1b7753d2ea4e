// Sockets and interfaces of other network namespaces, by the names that ip(8) gives these.
#pragma once

#include <string>
#include <string_view>

namespace lagg::bench {

/// An interface as "NAMESPACE:NAME" tells it.
struct Place {
    std::string space;
    std::string interface;
};

/// Exits with a sentence where there is no colon.
Place place_of(std::string_view text);

/// A packet socket that sends to the interface; like all here, exits with a sentence on failure.
int sending_socket(const Place &place);
/// A packet socket that hears IPv4 frames coming in by the interface, and does not block.
int hearing_socket(const Place &place);

/// The switch "up" of an interface.
class UpSwitch {
  public:
    explicit UpSwitch(const Place &place);
    /// Waits for the kernel's link lock and for as long as the driver likes.
    void set(bool up) const;

  private:
    Place place_;
    int fd_;
};

} // namespace lagg::bench
