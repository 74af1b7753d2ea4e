// One rtnetlink socket with request and answer: libnl carries the messages, and what the kernel
// says about a refusal (errno and its own sentence) is kept whole, which libnl's error codes do not
// do.
#pragma once

#include "dataplane/base/result.hh"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

struct nl_msg;
struct nl_sock;
struct nlmsghdr;

namespace lagg::kernel {

struct MessageDeleter {
    void operator()(nl_msg *message) const;
};
using Message = std::unique_ptr<nl_msg, MessageDeleter>;

struct SocketDeleter {
    void operator()(nl_sock *socket) const;
};
using Socket = std::unique_ptr<nl_sock, SocketDeleter>;

/// A request of this type with its fixed header; attributes are added with put().
Message make_message(uint16_t type, uint16_t flags, const void *header, size_t header_size);
void put(const Message &message, int attribute, const void *data, size_t size);

/// A socket connected to the kernel's route family.
Result<Socket> connect_route();

/// The kernel's answer to a request: an errno (0: done) and its reason as a clause.
struct Verdict {
    int error = 0;
    std::string reason;
};

using OnMessage = std::function<void(nlmsghdr &)>;

/// Sends a request and reads up to its acknowledgement, or to the end of its dump; `on_message`
/// gets what comes before. Blocks as long as the kernel does.
Verdict request(nl_sock *socket, const Message &message, const OnMessage &on_message = nullptr);

/// Reads one datagram and hands out its messages. Returns libnl's code: negative for an error,
/// -NLE_AGAIN when a nonblocking socket has nothing, -NLE_NOMEM when the kernel dropped messages.
int receive(nl_sock *socket, const OnMessage &on_message);

} // namespace lagg::kernel
