// evhttp around the four paths of the API. Everything here runs on the loop's thread; a reload's
// answer may come from elsewhere and is brought here by the mailbox.
#include "control/api/server.hh"

#include "control/api/json.hh"
#include "control/api/mailbox.hh"
#include "control/api/nearest.hh"
#include "control/api/unix_socket.hh"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace lagg::api {
namespace {

using nlohmann::json;

constexpr const char *kStatusPath = "/v1/status";
constexpr const char *kLaggsPath = "/v1/laggs";
constexpr const char *kReloadPath = "/v1/reload";

template <typename T, void (*Free)(T *)> struct FreeWith {
    void operator()(T *object) const { Free(object); }
};
using Http = std::unique_ptr<evhttp, FreeWith<evhttp, evhttp_free>>;
using Event = std::unique_ptr<event, FreeWith<event, event_free>>;

timeval to_timeval(std::chrono::milliseconds duration) {
    return {duration.count() / 1000, (duration.count() % 1000) * 1000};
}

struct Answer {
    int code = HTTP_OK;
    json body;
};

Answer refusal(int code, const std::string &message, const std::string &nearest_name = {}) {
    json error{{"message", message}};
    if (!nearest_name.empty()) error["nearest"] = nearest_name;
    return {code, json{{"error", std::move(error)}}};
}

void send(evhttp_request *request, const Answer &answer) {
    // A name from the configuration need not be UTF-8; a question mark beats an exception.
    const std::string text =
        answer.body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    evbuffer_add(evhttp_request_get_output_buffer(request), text.data(), text.size());
    evkeyvalq *headers = evhttp_request_get_output_headers(request);
    evhttp_add_header(headers, "Content-Type", "application/json");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_send_reply(request, answer.code, nullptr, nullptr);
}

// The decoded path without query, or nothing where a percent escape is broken or hides a NUL.
std::optional<std::string> path_of(evhttp_request *request) {
    const evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *raw = uri ? evhttp_uri_get_path(uri) : nullptr;
    if (!raw) return std::nullopt;
    size_t size = 0;
    const std::unique_ptr<char, FreeWith<void, std::free>> decoded(evhttp_uridecode(raw, 0, &size));
    if (!decoded) return std::nullopt;
    std::string path(decoded.get(), size);
    if (path.find('\0') != std::string::npos) return std::nullopt;
    return path;
}

Answer lagg_named(const std::string &name, const Status &status) {
    const auto found = std::find_if(status.laggs.begin(), status.laggs.end(),
                                    [&](const Lagg &lagg) { return lagg.name == name; });
    if (found != status.laggs.end()) return {HTTP_OK, *found};
    std::vector<std::string> names;
    for (const Lagg &lagg : status.laggs)
        names.push_back(lagg.name);
    return refusal(HTTP_NOTFOUND, "there is no lagg \"" + name + "\"", nearest(name, names));
}

class EvhttpServer final : public Server {
  public:
    EvhttpServer(event_base *base, UnixSocket socket, Handlers handlers)
        : socket_(std::move(socket)), handlers_(std::move(handlers)), mailbox_(base),
          http_(evhttp_new(base)), resume_(event_new(base, -1, EV_PERSIST, &on_resume, this)) {}

    Result<void> start(event_base *base, const Limits &limits);

  private:
    static void on_request(evhttp_request *request, void *server);
    static void on_accept_error(evconnlistener *listener, void *server);
    static void on_resume(int fd, short events, void *server);

    void answer(evhttp_request *request);
    void start_reload(evhttp_request *request);
    void finish_reload(uint64_t ticket, const Result<std::string> &result);

    // Destroyed from the bottom: the HTTP server with its listener goes before the socket.
    UnixSocket socket_;
    Handlers handlers_;
    Mailbox mailbox_;
    Http http_;
    Event resume_; ///< every second: accepts again, should accepting have been paused
    evconnlistener *listener_ = nullptr; ///< owned by http_
    // Requests that wait for a reload. evhttp keeps such a request until it is answered, even when
    // its client has gone.
    std::map<uint64_t, evhttp_request *> waiting_;
    uint64_t next_ticket_ = 0;
};

Result<void> EvhttpServer::start(event_base *base, const Limits &limits) {
    const Error out_of_memory{"API: no memory or descriptor left to start the server"};
    if (!mailbox_.usable() || !http_ || !resume_) return out_of_memory;
    evconnlistener *listener =
        evconnlistener_new(base, nullptr, nullptr, LEV_OPT_CLOSE_ON_EXEC, 0, socket_.fd());
    if (!listener) return out_of_memory;
    if (!evhttp_bind_listener(http_.get(), listener)) {
        evconnlistener_free(listener);
        return out_of_memory;
    }
    listener_ = listener;
    evconnlistener_set_error_cb(listener, &on_accept_error);

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
    evhttp_set_gencb(http_.get(), &on_request, this);
    return {};
}

void EvhttpServer::on_request(evhttp_request *request, void *server) {
    static_cast<EvhttpServer *>(server)->answer(request);
}

// Out of descriptors, accepting would fail again at once and for ever: pause instead. (The argument
// is evhttp's own, so this cannot reach the server; its timer ends the pause.)
void EvhttpServer::on_accept_error(evconnlistener *listener, void *) {
    evconnlistener_disable(listener);
}

void EvhttpServer::on_resume(int, short, void *server) {
    evconnlistener_enable(static_cast<EvhttpServer *>(server)->listener_);
}

void EvhttpServer::answer(evhttp_request *request) {
    const auto path = path_of(request);
    if (!path)
        return send(request, refusal(HTTP_BADREQUEST, "the path of the request is malformed"));

    const std::string lagg_prefix = std::string(kLaggsPath) + "/";
    const bool names_a_lagg = path->starts_with(lagg_prefix) && path->size() > lagg_prefix.size();
    const bool reads = *path == kStatusPath || *path == kLaggsPath || names_a_lagg;
    if (!reads && *path != kReloadPath)
        return send(request, refusal(HTTP_NOTFOUND, "there is nothing at " + *path,
                                     nearest(*path, {kStatusPath, kLaggsPath, kReloadPath})));
    const auto method = evhttp_request_get_command(request);
    const bool allowed =
        reads ? method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD : method == EVHTTP_REQ_POST;
    if (!allowed) {
        const char *allow = reads ? "GET, HEAD" : "POST";
        evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", allow);
        return send(request, refusal(HTTP_BADMETHOD, *path + " allows " + allow + " only"));
    }

    if (!reads) return start_reload(request);
    Status status = handlers_.status();
    if (names_a_lagg) return send(request, lagg_named(path->substr(lagg_prefix.size()), status));
    if (*path == kLaggsPath) return send(request, {HTTP_OK, json(status.laggs)});
    send(request, {HTTP_OK, json(status)});
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
    // The mailbox drops what comes after the server is gone, so `this` is alive when the work runs.
    auto completion = std::make_shared<Completion>(
        [this, ticket, post = mailbox_.sender()](Result<std::string> result) {
            post([this, ticket, result = std::move(result)] { finish_reload(ticket, result); });
        });
    handlers_.reload(
        [completion](Result<std::string> result) { (*completion)(std::move(result)); });
}

void EvhttpServer::finish_reload(uint64_t ticket, const Result<std::string> &result) {
    const auto entry = waiting_.extract(ticket);
    assert(!entry.empty());
    constexpr int kUnprocessable = 422;
    send(entry.mapped(), result ? Answer{HTTP_OK, json{{"message", *result}}}
                                : refusal(kUnprocessable, result.error().message));
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
    auto server = std::make_unique<EvhttpServer>(base, *std::move(socket), std::move(handlers));
    if (auto started = server->start(base, limits); !started) return started.error();
    return std::unique_ptr<Server>(std::move(server));
}

} // namespace lagg::api
