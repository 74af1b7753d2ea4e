#include "control/recording/recorder.hh"

#include <pthread.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace lagg::recording {

Result<std::unique_ptr<Recorder>> Recorder::open(const std::string &path) {
    const std::string before = path + ".1";
    if (std::rename(path.c_str(), before.c_str()) != 0 && errno != ENOENT)
        return Error{"the recording of the run before, " + path + ", cannot become " + before +
                     ": " + std::strerror(errno)};
    std::FILE *file = std::fopen(path.c_str(), "we");
    if (file == nullptr)
        return Error{"cannot record to " + path + ": " + std::strerror(errno) +
                     "; change [daemon] record or remove it"};
    return std::unique_ptr<Recorder>(new Recorder(file));
}

Recorder::Recorder(std::FILE *file) : file_(file) {
    thread_ = std::thread([this] { run(); });
}

Recorder::~Recorder() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    more_.notify_one();
    thread_.join();
    std::fclose(file_);
}

void Recorder::started(const std::string &lagg, lacp::Time now,
                       const lacp::SystemParameters &parameters) {
    put({now, lagg, Start{parameters}});
}

void Recorder::happened(const std::string &lagg, lacp::Time now, const lacp::Event &event) {
    put({now, lagg, Input(event)});
}

void Recorder::acted(const std::string &lagg, lacp::Time now, const lacp::Action &action) {
    put({now, lagg, action});
}

// After a loss nothing is taken until the thread has said so in the file, so that the mark stands
// where the gap is.
void Recorder::put(Item item) {
    {
        const std::lock_guard lock(mutex_);
        if (lost_ != 0 || queue_.size() >= kMostQueued) {
            ++lost_;
            return;
        }
        queue_.push_back(std::move(item));
    }
    more_.notify_one();
}

void Recorder::run() {
    pthread_setname_np(pthread_self(), "lagg-recorder");
    for (bool last = false; !last;) {
        std::deque<Item> items;
        uint64_t lost = 0;
        {
            std::unique_lock lock(mutex_);
            more_.wait(lock, [&] { return stop_ || !queue_.empty() || lost_ != 0; });
            std::swap(items, queue_);
            lost = std::exchange(lost_, 0);
            last = stop_;
        }
        for (const Item &item : items)
            write(item);
        if (lost != 0) write(to_json(Line{{}, "", Lost{lost}}));
        std::fflush(file_);
    }
}

void Recorder::write(const Item &item) {
    Line line{item.time, item.lagg, {}};
    if (const auto *start = std::get_if<Start>(&item.what)) line.what = *start;
    if (const auto *input = std::get_if<Input>(&item.what)) line.what = *input;
    if (const auto *action = std::get_if<lacp::Action>(&item.what)) line.what = Output(*action);
    write(to_json(line));
}

void Recorder::write(const std::string &line) {
    if (written_bytes_ >= kMostBytes) return;
    written_bytes_ += line.size() + 1;
    const std::string text = written_bytes_ < kMostBytes ? line : to_json(Line{{}, "", Lost{1}});
    std::fwrite(text.data(), 1, text.size(), file_);
    std::fputc('\n', file_);
}

} // namespace lagg::recording
