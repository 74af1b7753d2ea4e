// Clients that come while all places are taken: each is told so and let go, whether it listens or
// not. Only so many are told at a time, so that they cannot take the descriptors of ports.
#pragma once

#include "control/api/answer.hh"
#include "control/api/loop_work.hh"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lagg::api {

/// Lives on the loop's thread.
class Refusals {
  public:
    /// `still_full` is asked before each client; it calls stop() where there is a place again.
    Refusals(event_base *base, const Answer &answer, size_t at_once,
             std::function<bool()> still_full);
    ~Refusals();
    Refusals(const Refusals &) = delete;
    Refusals &operator=(const Refusals &) = delete;

    /// Takes the clients that come to the listening socket, until stop() or until there is no
    /// descriptor left for one. Nothing changes where it does so already.
    void start(int listening);
    void stop();
    /// Clients that are being told, each with a descriptor.
    size_t under_way() const { return clients_.size(); }

  private:
    struct Client;
    static void on_waiting(int listening, short events, void *refusals);
    static void on_client(int fd, short events, void *client);
    void tell(int fd);
    void wait_for(Client &client);
    void let_go(const Client &client);

    event_base *base_;
    std::string answer_; ///< with HTTP's headers
    size_t at_once_;
    std::function<bool()> still_full_;
    Event waiting_; ///< while clients are taken: one waits at the listening socket
    std::vector<std::unique_ptr<Client>> clients_;
};

} // namespace lagg::api
