// Promiscuity of a kernel interface that ends with whoever asked for it.
#pragma once

#include <memory>

namespace lagg::port {

/// The interface is promiscuous for as long as this lives, and no longer than the process; whatever
/// others ask of it is left alone. By index, so that a rename leads to no other interface.
class Promiscuity {
  public:
    /// Null when the kernel refuses.
    static std::unique_ptr<Promiscuity> of(unsigned interface_index);
    ~Promiscuity();
    Promiscuity(const Promiscuity &) = delete;
    Promiscuity &operator=(const Promiscuity &) = delete;

  private:
    explicit Promiscuity(int socket) : socket_(socket) {}
    int socket_; ///< receives nothing; the membership is its own
};

} // namespace lagg::port
