#include "laggd/service.hh"

#include "control/api/loop_work.hh"
#include "control/kernel/carrier_watch.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <event2/event.h>
#ifdef LAGG_WITH_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include <pthread.h>

#include <cassert>

namespace lagg::daemon {

struct Service::Loop {
    event_base *base = event_base_new();
    WorkQueue queue;
    api::Event work = api::run_in_loop(base, queue);

    ~Loop() {
        work.reset();
        event_base_free(base);
    }
};

Service::Service() : loop_(std::make_unique<Loop>()) {}

Result<std::unique_ptr<Service>> Service::start() {
    std::unique_ptr<Service> service(new Service);
    if (service->loop_->work == nullptr)
        return Error{"the service thread's event loop cannot be made: too many open files?"};
    Service *self = service.get();
    self->thread_ = std::thread([self] {
        pthread_setname_np(pthread_self(), "lagg-service");
        event_base_loop(self->loop_->base, EVLOOP_NO_EXIT_ON_EMPTY);
    });
    return service;
}

Service::~Service() {
    if (thread_.joinable()) {
        loop_->queue.sender().post([this] {
            server_.reset();
            event_base_loopbreak(loop_->base);
        });
        thread_.join();
    }
}

void Service::run_and_wait(const std::function<void()> &work) {
    assert(std::this_thread::get_id() != thread_.get_id());
    loop_->queue.sender().call(work);
}

Result<void> Service::serve(const std::string &path, api::Handlers handlers) {
    Result<void> result;
    run_and_wait([&] {
        Result<std::unique_ptr<api::Server>> server =
            api::Server::listen(loop_->base, path, std::move(handlers));
        if (server)
            server_ = std::move(*server);
        else
            result = server.error();
    });
    return result;
}

void Service::watch(aggregation::ProtocolThread *protocol) {
    run_and_wait([&] { protocol_ = protocol; });
}

aggregation::Hooks Service::hooks() {
    const WorkQueue::Sender sender = loop_->queue.sender();
    return {
        .carrier =
            [sender](const std::string &lagg, std::shared_ptr<const upper::Carrier> told, bool up) {
                sender.post([lagg, told = std::move(told), up] { set_carrier(lagg, *told, up); });
            },
        .speed =
            [this, sender](port::DeviceId device, unsigned index) {
                sender.post([=, this] { read_speed(device, index); });
            }};
}

void Service::set_carrier(const std::string &lagg, const upper::Carrier &told, bool up) {
    if (const Result<void> done = told.set_carrier(up); !done)
        spdlog::error("{}: {}", lagg, done.error().message);
}

void Service::read_speed(port::DeviceId device, unsigned interface_index) {
    const kernel::LinkSpeed speed = kernel::link_speed(interface_index);
    if (protocol_ == nullptr) return;
    protocol_->post([=](aggregation::Engine &engine, lacp::Time now) {
        engine.set_speed(device, interface_index, speed.mbps, speed.full_duplex, now);
    });
}

void notify_systemd([[maybe_unused]] const std::string &state) {
#ifdef LAGG_WITH_SYSTEMD
    sd_notify(0, state.c_str());
#endif
}

} // namespace lagg::daemon
