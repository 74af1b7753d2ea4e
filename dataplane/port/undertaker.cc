#include "dataplane/port/undertaker.hh"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

namespace lagg::port {

struct Undertaker::Body {
    struct Closing {
        std::string port;
        std::string device;
        bool operator==(const Closing &) const = default;
    };
    std::mutex mutex;
    std::condition_variable done;
    std::vector<Closing> closing;
};

Undertaker::Undertaker() : body_(std::make_shared<Body>()) {}

Undertaker::~Undertaker() = default;

void Undertaker::take(std::unique_ptr<Port> port) {
    const Body::Closing closing{port->name(), port->device_name()};
    {
        const std::lock_guard lock(body_->mutex);
        body_->closing.push_back(closing);
    }
    std::thread([body = body_, closing, taken = std::move(port)]() mutable {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr); // signals are for the daemon's own threads
        pthread_setname_np(pthread_self(), "lagg-close");
        taken.reset();
        const std::lock_guard lock(body->mutex);
        std::erase(body->closing, closing);
        body->done.notify_all();
    }).detach();
}

bool Undertaker::has(const std::string &device) const {
    const std::lock_guard lock(body_->mutex);
    return std::ranges::find(body_->closing, device, &Body::Closing::device) !=
           body_->closing.end();
}

std::vector<std::string> Undertaker::wait(std::chrono::milliseconds limit) const {
    std::unique_lock lock(body_->mutex);
    body_->done.wait_for(lock, limit, [this] { return body_->closing.empty(); });
    std::vector<std::string> left;
    for (const Body::Closing &closing : body_->closing)
        left.push_back(closing.port);
    return left;
}

} // namespace lagg::port
