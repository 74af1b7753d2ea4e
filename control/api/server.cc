// evhttp around the paths of the API. Everything here runs on the loop's thread; a reload's
// answer may come from elsewhere and is brought here by a work queue.
#include "control/api/server.hh"

#include "control/api/answer.hh"
#include "control/api/loop_work.hh"
#include "control/api/nearest.hh"
#include "control/api/refusals.hh"
#include "control/api/route.hh"
#include "control/api/unix_socket.hh"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include <atomic>
#include <cassert>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

namespace lagg::api {
namespace {

template <typename T, void (*Free)(T *)> struct FreeWith {
    void operator()(T *object) const { Free(object); }
};
using Http = std::unique_ptr<evhttp, FreeWith<evhttp, evhttp_free>>;

timeval to_timeval(std::chrono::milliseconds duration) {
    return {duration.count() / 1000, (duration.count() % 1000) * 1000};
}

void send(evhttp_request *request, const Answer &answer) {
    evkeyvalq *headers = evhttp_request_get_output_headers(request);
    // evhttp writes whatever body there is, and tells no length, when it was asked for none.
    if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD)
        evhttp_add_header(headers, "Content-Length", std::to_string(answer.body.size()).c_str());
    else
        evbuffer_add(evhttp_request_get_output_buffer(request), answer.body.data(),
                     answer.body.size());
    evhttp_add_header(headers, "Content-Type", "application/json");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_send_reply(request, answer.code, nullptr, nullptr);
}

struct Path {
    std::string written;
    std::string decoded;
};

// The path without query, or nothing where a percent escape is broken or hides a NUL.
std::optional<Path> path_of(evhttp_request *request) {
    const evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *raw = uri ? evhttp_uri_get_path(uri) : nullptr;
    if (!raw) return std::nullopt;
    size_t size = 0;
    const std::unique_ptr<char, FreeWith<void, std::free>> decoded(evhttp_uridecode(raw, 0, &size));
    if (!decoded) return std::nullopt;
    std::string path(decoded.get(), size);
    if (path.find('\0') != std::string::npos) return std::nullopt;
    return Path{raw, std::move(path)};
}

std::string body_of(evhttp_request *request) {
    evbuffer *buffer = evhttp_request_get_input_buffer(request);
    std::string text(evbuffer_get_length(buffer), '\0');
    evbuffer_copyout(buffer, text.data(), text.size());
    return text;
}

Answer no_place(size_t clients) {
    return refusal(kUnavailable, "laggd serves " + std::to_string(clients) +
                                     " clients of its API at a time, and has as many; end one of "
                                     "them or try again later");
}

class EvhttpServer final : public Server {
  public:
    EvhttpServer(event_base *base, UnixSocket socket, Handlers handlers, const Limits &limits)
        : base_(base), socket_(std::move(socket)), handlers_(std::move(handlers)),
          work_(run_in_loop(base, answers_)), http_(evhttp_new(base)),
          resume_(event_new(base, -1, EV_PERSIST, &on_resume, this)),
          refusals_(base, no_place(limits.clients), limits.refused, [this] { return !admit(); }),
          most_clients_(limits.clients) {}

    Result<void> start(const Limits &limits);

  private:
    bool accept_from(const UnixSocket &socket);
    bool admit();
    void look_after_socket();
    static void on_request(evhttp_request *request, void *server);
    static bufferevent *on_accept(event_base *base, void *server);
    static void on_accept_error(evconnlistener *listener, void *server);
    static void on_resume(int fd, short events, void *server);

    void answer(evhttp_request *request);
    void start_reload(evhttp_request *request);
    void finish_reload(uint64_t ticket, const Result<std::string> &result);

    event_base *base_;
    // Destroyed from the bottom: the HTTP server with its listener goes before the socket.
    UnixSocket socket_;
    std::string trouble_; ///< why clients do not find the socket
    Handlers handlers_;
    WorkQueue answers_; ///< of reloads
    Event work_;        ///< of answers_
    Http http_;
    Event resume_; ///< every second: accepts again, should accepting have been paused
    evhttp_bound_socket *bound_ = nullptr; ///< owned by http_, with its listener
    Refusals refusals_;
    const size_t most_clients_;
    size_t most_now_ = 0; ///< of the clients, since they were counted last
    // Requests that wait for a reload. evhttp keeps such a request until it is answered, even when
    // its client has gone.
    std::map<uint64_t, evhttp_request *> waiting_;
    uint64_t next_ticket_ = 0;
};

/// False when there is no memory or descriptor. What was accepted from before ends.
bool EvhttpServer::accept_from(const UnixSocket &socket) {
    evconnlistener *listener =
        evconnlistener_new(base_, nullptr, nullptr, LEV_OPT_CLOSE_ON_EXEC, 0, socket.fd());
    if (!listener) return false;
    evhttp_bound_socket *bound = evhttp_bind_listener(http_.get(), listener);
    if (!bound) {
        evconnlistener_free(listener);
        return false;
    }
    evconnlistener_set_error_cb(listener, &on_accept_error);
    refusals_.stop();
    if (bound_ != nullptr) evhttp_del_accept_socket(http_.get(), bound_);
    bound_ = bound;
    return true;
}

Result<void> EvhttpServer::start(const Limits &limits) {
    const Error out_of_memory{"API: no memory or descriptor left to start the server"};
    if (!work_ || !http_ || !resume_ || !accept_from(socket_)) return out_of_memory;

    const timeval second{1, 0};
    if (event_add(resume_.get(), &second) != 0) return out_of_memory;

    const timeval idle = to_timeval(limits.idle);
    evhttp_set_timeout_tv(http_.get(), &idle);
    evhttp_set_max_headers_size(http_.get(), static_cast<ev_ssize_t>(limits.header_bytes));
    evhttp_set_max_body_size(http_.get(), static_cast<ev_ssize_t>(limits.body_bytes));
    // A refused method shall get our answer, not the library's.
    evhttp_set_allowed_methods(http_.get(), EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                                EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                                EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    evhttp_set_bevcb(http_.get(), &on_accept, this);
    evhttp_set_gencb(http_.get(), &on_request, this);
    return {};
}

void EvhttpServer::on_request(evhttp_request *request, void *server) {
    static_cast<EvhttpServer *>(server)->answer(request);
}

// Called for each connection before evhttp has it.
bufferevent *EvhttpServer::on_accept(event_base *base, void *server) {
    auto *self = static_cast<EvhttpServer *>(server);
    if (++self->most_now_ >= self->most_clients_) self->admit();
    return bufferevent_socket_new(base, -1, 0);
}

// evhttp tells of no connection that ends, so they are counted anew when there may be too many.
// False when there is no place, and whoever comes next is refused.
bool EvhttpServer::admit() {
    if (most_now_ >= most_clients_)
        most_now_ = count_connections(socket_.path()) - refusals_.under_way();
    evconnlistener *listener = evhttp_bound_socket_get_listener(bound_);
    if (most_now_ >= most_clients_) {
        evconnlistener_disable(listener);
        refusals_.start(socket_.fd());
        return false;
    }
    refusals_.stop();
    evconnlistener_enable(listener);
    return true;
}

// Out of descriptors, accepting would fail again at once and for ever: pause instead. (The argument
// is evhttp's own, so this cannot reach the server; its timer ends the pause.)
void EvhttpServer::on_accept_error(evconnlistener *listener, void *) {
    evconnlistener_disable(listener);
}

void EvhttpServer::on_resume(int, short, void *server) {
    auto *self = static_cast<EvhttpServer *>(server);
    self->admit();
    self->look_after_socket();
}

// Somebody cleans up below /run, and clients would find no daemon that runs. The socket of another
// daemon is left alone.
void EvhttpServer::look_after_socket() {
    if (socket_.in_place()) return;
    const std::string path = socket_.path();
    Result<UnixSocket> again = UnixSocket::listen(path);
    if (again && accept_from(*again)) {
        socket_ = *std::move(again);
        admit();
        trouble_.clear();
        return handlers_.note("API socket " + path + " was removed, and is made again");
    }
    const std::string why =
        again ? "no memory or descriptor is left to make it again" : again.error().message;
    if (why == trouble_) return;
    trouble_ = why;
    handlers_.note("API socket " + path + " was removed: clients do not find this daemon; " + why);
}

void EvhttpServer::answer(evhttp_request *request) {
    const auto path = path_of(request);
    if (!path) return send(request, refusal(kBadRequest, "the path of the request is malformed"));

    const Route route = route_of(path->written);
    if (route.resource == Resource::NOTHING)
        return send(request, refusal(kNotFound, "there is nothing at " + path->decoded,
                                     nearest(path->decoded, known_paths())));
    const bool reads = is_read(route.resource);
    const auto method = evhttp_request_get_command(request);
    const bool allowed =
        reads ? method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD : method == EVHTTP_REQ_POST;
    if (!allowed) {
        const char *allow = reads ? "GET, HEAD" : "POST";
        evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", allow);
        return send(request, refusal(kBadMethod, path->decoded + " allows " + allow + " only"));
    }
    if (route.resource == Resource::RELOAD) return start_reload(request);
    send(request, answer_to(route, body_of(request), handlers_));
}

// What `done` holds on to. A handler that forgets `done` answers by dropping the last copy of it,
// so that no client waits in vain.
class Completion {
  public:
    using Deliver = std::function<void(Result<std::string>)>;

    explicit Completion(Deliver deliver) : deliver_(std::move(deliver)) {}
    Completion(const Completion &) = delete;
    Completion &operator=(const Completion &) = delete;
    ~Completion() {
        if (!called_.exchange(true))
            deliver_(Error{"the daemon gave up the reload without a result"});
    }
    void operator()(Result<std::string> result) {
        const bool again = called_.exchange(true);
        assert(!again);
        if (!again) deliver_(std::move(result));
    }

  private:
    Deliver deliver_;
    std::atomic<bool> called_ = false;
};

void EvhttpServer::start_reload(evhttp_request *request) {
    const uint64_t ticket = next_ticket_++;
    waiting_.emplace(ticket, request);
    // The queue drops what comes after the server is gone, so `this` is alive when the work runs.
    auto completion = std::make_shared<Completion>([this, ticket, sender = answers_.sender()](
                                                       Result<std::string> result) {
        sender.post([this, ticket, result = std::move(result)] { finish_reload(ticket, result); });
    });
    handlers_.reload(
        [completion](Result<std::string> result) { (*completion)(std::move(result)); });
}

void EvhttpServer::finish_reload(uint64_t ticket, const Result<std::string> &result) {
    const auto entry = waiting_.extract(ticket);
    assert(!entry.empty());
    send(entry.mapped(), told(result, kUnprocessable));
}

// libevent writes with writev(), which raises SIGPIPE when the client has gone.
void ignore_sigpipe() {
    struct sigaction action {};
    if (sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &action, nullptr);
    }
}

} // namespace

Result<std::unique_ptr<Server>> Server::listen(event_base *base, const std::string &path,
                                               Handlers handlers, Limits limits) {
    assert(base && handlers.status && handlers.reload);
    ignore_sigpipe();
    auto socket = UnixSocket::listen(path);
    if (!socket) return socket.error();
    auto server =
        std::make_unique<EvhttpServer>(base, *std::move(socket), std::move(handlers), limits);
    if (auto started = server->start(limits); !started) return started.error();
    return std::unique_ptr<Server>(std::move(server));
}

} // namespace lagg::api
