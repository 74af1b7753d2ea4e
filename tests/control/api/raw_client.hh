// A client that sends exactly the bytes it is told, for what a well-behaved one would never send.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>

namespace lagg::api::testing {

class RawClient {
  public:
    explicit RawClient(const std::string &path)
        : RawClient(path, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
    /// With a socket that was made before.
    RawClient(const std::string &path, int fd) : fd_(fd) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        connected_ =
            connect(fd_, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    }
    ~RawClient() { close(fd_); }
    RawClient(const RawClient &) = delete;
    RawClient &operator=(const RawClient &) = delete;

    bool connected() const { return connected_; }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return; // the server has had enough, which is its right
            bytes.remove_prefix(static_cast<size_t>(sent));
        }
    }

    /// Says that nothing more will come.
    void finish() { shutdown(fd_, SHUT_WR); }

    bool readable(std::chrono::milliseconds within) {
        pollfd waiting{fd_, POLLIN, 0};
        return poll(&waiting, 1, static_cast<int>(within.count())) == 1;
    }

    /// All that comes until the server closes. `closed` tells whether it did within 20 s.
    std::string read_to_end(bool &closed) {
        std::string all;
        std::array<char, 4096> part{};
        pollfd readable{fd_, POLLIN, 0};
        while (poll(&readable, 1, 20000) == 1) {
            const ssize_t got = recv(fd_, part.data(), part.size(), 0);
            if (got <= 0) {
                closed = true;
                return all;
            }
            all.append(part.data(), static_cast<size_t>(got));
        }
        closed = false;
        return all;
    }

    /// A whole exchange on a connection of its own.
    static std::string exchange(const std::string &path, std::string_view request) {
        RawClient client(path);
        client.send(request);
        bool closed = false;
        std::string answer = client.read_to_end(closed);
        return closed ? answer : "(never closed) " + answer;
    }

  private:
    int fd_;
    bool connected_ = false;
};

/// A request without a body that asks for the connection to be closed after it.
inline std::string plain_request(const std::string &method, const std::string &target) {
    return method + " " + target +
           " HTTP/1.1\r\nHost: laggd\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
}

} // namespace lagg::api::testing
