// A refusal is written at once: it fits into a new socket. The socket is then kept until its client
// hangs up, because a client whose request cannot be sent any more does not read the answer. What
// it sends is thrown away.
#include "control/api/refusals.hh"

#include <event2/event.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace lagg::api {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a client may take to send its request, read the answer and hang up.
constexpr std::chrono::seconds kPatience(1);

std::string as_http(const Answer &answer) {
    return "HTTP/1.1 " + std::to_string(answer.code) +
           " Service Unavailable\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
           "Connection: close\r\nContent-Length: " +
           std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
}

} // namespace

struct Refusals::Client {
    Client(Refusals &of, int accepted)
        : refusals(of), fd(accepted),
          event(event_new(of.base_, accepted, EV_READ, &on_client, this)) {}
    ~Client() {
        event.reset();
        close(fd);
    }

    Refusals &refusals;
    const int fd;
    const Clock::time_point deadline = Clock::now() + kPatience;
    Event event;
};

Refusals::Refusals(event_base *base, const Answer &answer, size_t at_once,
                   std::function<bool()> still_full)
    : base_(base), answer_(as_http(answer)), at_once_(at_once), still_full_(std::move(still_full)) {
}

Refusals::~Refusals() = default;

void Refusals::start(int listening) {
    if (waiting_ && event_get_fd(waiting_.get()) == listening) return;
    waiting_.reset(event_new(base_, listening, EV_READ | EV_PERSIST, &on_waiting, this));
    if (waiting_ && clients_.size() < at_once_) event_add(waiting_.get(), nullptr);
}

void Refusals::stop() {
    waiting_.reset();
}

void Refusals::on_waiting(int listening, short, void *refusals) {
    auto *self = static_cast<Refusals *>(refusals);
    if (!self->still_full_()) return;
    const int fd = accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return self->tell(fd);
    // Out of descriptors this would fail again at once and for ever.
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) self->stop();
}

void Refusals::tell(int fd) {
    // A client that has gone already is no concern of ours.
    (void)send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    Client &client = *clients_.emplace_back(std::make_unique<Client>(*this, fd));
    if (clients_.size() == at_once_) event_del(waiting_.get());
    wait_for(client);
}

void Refusals::wait_for(Client &client) {
    using std::chrono::microseconds;
    const auto left = std::chrono::duration_cast<microseconds>(client.deadline - Clock::now());
    const timeval limit{left.count() / 1'000'000, left.count() % 1'000'000};
    if (left.count() <= 0 || !client.event || event_add(client.event.get(), &limit) != 0)
        let_go(client);
}

void Refusals::on_client(int fd, short events, void *client) {
    auto *self = static_cast<Client *>(client);
    std::array<char, 4096> unread;
    const bool more = (events & EV_TIMEOUT) == 0 && recv(fd, unread.data(), unread.size(), 0) > 0;
    if (more)
        self->refusals.wait_for(*self);
    else
        self->refusals.let_go(*self);
}

void Refusals::let_go(const Client &client) {
    std::erase_if(clients_, [&](const auto &known) { return known.get() == &client; });
    if (waiting_) event_add(waiting_.get(), nullptr);
}

} // namespace lagg::api
