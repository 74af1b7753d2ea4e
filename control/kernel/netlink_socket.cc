// See netlink_socket.hh.
#include "control/kernel/netlink_socket.hh"

#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

namespace lagg::kernel {

namespace {

/// What the kernel adds to an errno, "mtu greater than device maximum", else the errno's own text.
std::string kernels_reason(nlmsghdr &header, int error) {
    if ((header.nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
        nlattr *attributes[NLMSGERR_ATTR_MAX + 1] = {};
        if (nlmsg_parse(&header, sizeof(nlmsgerr), attributes, NLMSGERR_ATTR_MAX, nullptr) == 0 &&
            attributes[NLMSGERR_ATTR_MSG] != nullptr)
            return nla_get_string(attributes[NLMSGERR_ATTR_MSG]);
    }
    return std::strerror(error);
}

/// The verdict in an acknowledgement or at the end of a dump.
Verdict verdict_of(nlmsghdr &header) {
    if (nlmsg_datalen(&header) < static_cast<int>(sizeof(int))) return {};
    // Both nlmsgerr and the end of a dump begin with the negative errno.
    int error = 0;
    std::memcpy(&error, nlmsg_data(&header), sizeof error);
    if (error >= 0) return {};
    if (header.nlmsg_type == NLMSG_ERROR) return {-error, kernels_reason(header, -error)};
    return {-error, std::strerror(-error)};
}

Verdict library_failure(int code) {
    return {EIO, nl_geterror(code)};
}

} // namespace

void MessageDeleter::operator()(nl_msg *message) const {
    nlmsg_free(message);
}
void SocketDeleter::operator()(nl_sock *socket) const {
    nl_socket_free(socket);
}

Message make_message(uint16_t type, uint16_t flags, const void *header, size_t header_size) {
    Message message(nlmsg_alloc_simple(type, flags));
    assert(message != nullptr);
    void *place = nlmsg_reserve(message.get(), header_size, NLMSG_ALIGNTO);
    assert(place != nullptr);
    std::memcpy(place, header, header_size);
    return message;
}

void put(const Message &message, int attribute, const void *data, size_t size) {
    // A message has a page of room and our requests are small: a failure would be our bug.
    const int code = nla_put(message.get(), attribute, static_cast<int>(size), data);
    assert(code == 0);
    static_cast<void>(code);
}

Result<Socket> connect_route() {
    Socket socket(nl_socket_alloc());
    if (!socket) return Error{"there is no memory for a netlink socket"};
    if (const int code = nl_connect(socket.get(), NETLINK_ROUTE); code < 0)
        return Error{std::string("the kernel gives no rtnetlink socket: ") + nl_geterror(code)};
    return socket;
}

int receive(nl_sock *socket, const OnMessage &on_message) {
    unsigned char *buffer = nullptr;
    sockaddr_nl sender{};
    const int size = nl_recv(socket, &sender, &buffer, nullptr);
    if (size <= 0) return size;
    const std::unique_ptr<unsigned char, decltype(&std::free)> owned(buffer, &std::free);
    // Another process can send to our address too; only port 0 is the kernel.
    if (sender.nl_pid != 0) return size;
    int left = size;
    nlmsghdr *header = nullptr;
    void *start = buffer;
    for (header = static_cast<nlmsghdr *>(start); nlmsg_ok(header, left) != 0;
         header = nlmsg_next(header, &left))
        on_message(*header);
    return size;
}

Verdict request(nl_sock *socket, const Message &message, const OnMessage &on_message) {
    // The reason of a refusal as a sentence, and without our own request before it.
    const int on = 1;
    const int fd = nl_socket_get_fd(socket);
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);

    if (const int code = nl_send_auto(socket, message.get()); code < 0)
        return library_failure(code);
    const uint32_t sequence = nlmsg_hdr(message.get())->nlmsg_seq;
    Verdict verdict;
    bool done = false;
    while (!done) {
        const int code = receive(socket, [&](nlmsghdr &header) {
            if (header.nlmsg_seq != sequence || done) return;
            done = header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE;
            if (done)
                verdict = verdict_of(header);
            else if (on_message)
                on_message(header);
        });
        if (code < 0) return library_failure(code);
    }
    return verdict;
}

} // namespace lagg::kernel
