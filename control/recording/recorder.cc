#include "control/recording/recorder.hh"

#include "dataplane/files/files.hh"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>
#include <utility>

namespace lagg::recording {

namespace {

/// As it is queued: the texts are made by the thread that writes.
struct Item {
    lacp::Time time;
    std::string lagg;
    std::variant<Start, Input, lacp::Action> what;
};

std::string text_of(const Item &item) {
    Line line{item.time, item.lagg, {}};
    if (const auto *start = std::get_if<Start>(&item.what)) line.what = *start;
    if (const auto *input = std::get_if<Input>(&item.what)) line.what = *input;
    if (const auto *action = std::get_if<lacp::Action>(&item.what)) line.what = Output(*action);
    return to_json(line);
}

std::string loss(uint64_t lines) {
    return to_json(Line{{}, "", Lost{lines}});
}

Error refused(const std::string &path, const Error &why) {
    return {"cannot record to " + path + ": " + why.message +
            "; change [daemon] record or remove it"};
}

} // namespace

class Recorder::Writer {
  public:
    Writer(int fd, Ended ended) : fd_(fd), ended_(std::move(ended)) {}
    ~Writer() { ::close(fd_); }

    void put(Item item);
    /// Until stop() and until all of it is written.
    void run();
    /// False when the thread is still writing after the limit; it then says no more.
    bool stop();

  private:
    void write(const std::deque<Item> &items, uint64_t lost);
    void append(std::string &text, const std::string &line);
    void end(const std::string &why);

    const int fd_;
    const Ended ended_;
    size_t written_bytes_ = 0; ///< of the thread alone
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Item> queue_; ///< guarded by mutex_, as all that follows
    uint64_t lost_ = 0;
    bool stop_ = false;
    bool takes_no_more_ = false; ///< what comes is dropped
    bool left_alone_ = false;
    bool done_ = false;
};

// After a loss nothing is taken until the thread has said so in the file, so that the mark stands
// where the gap is.
void Recorder::Writer::put(Item item) {
    {
        const std::lock_guard lock(mutex_);
        if (takes_no_more_) return;
        if (lost_ != 0 || queue_.size() >= kMostQueued) {
            ++lost_;
            return;
        }
        queue_.push_back(std::move(item));
    }
    changed_.notify_all();
}

void Recorder::Writer::run() {
    pthread_setname_np(pthread_self(), "lagg-recorder");
    for (bool last = false; !last;) {
        std::deque<Item> items;
        uint64_t lost = 0;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return stop_ || !queue_.empty() || lost_ != 0; });
            std::swap(items, queue_);
            lost = std::exchange(lost_, 0);
            last = stop_;
        }
        write(items, lost);
    }
    {
        const std::lock_guard lock(mutex_);
        done_ = true;
    }
    changed_.notify_all();
}

bool Recorder::Writer::stop() {
    std::unique_lock lock(mutex_);
    stop_ = true;
    changed_.notify_all();
    left_alone_ = !changed_.wait_for(lock, kEndLimit, [&] { return done_; });
    return !left_alone_;
}

void Recorder::Writer::write(const std::deque<Item> &items, uint64_t lost) {
    std::string text;
    for (const Item &item : items)
        append(text, text_of(item));
    if (lost != 0) append(text, loss(lost));
    if (const Result<void> done = write_all(fd_, text); !done) end(done.error().message);
}

void Recorder::Writer::append(std::string &text, const std::string &line) {
    if (written_bytes_ >= kMostBytes) return;
    written_bytes_ += line.size() + 1;
    text += (written_bytes_ < kMostBytes ? line : loss(1)) + "\n";
}

// A file with a hole in it would be replayed as if nothing was missing, so it gets no more once it
// refused something.
void Recorder::Writer::end(const std::string &why) {
    written_bytes_ = kMostBytes;
    const std::lock_guard lock(mutex_);
    if (!takes_no_more_ && !left_alone_ && ended_) ended_(why);
    takes_no_more_ = true;
}

Result<void> Recorder::can_open(const std::string &path) {
    for (const std::string &each : {path, path + ".1"})
        if (const Result<void> possible = can_be_file(each); !possible)
            return refused(each, possible.error());
    return {};
}

Result<std::unique_ptr<Recorder>> Recorder::open(const std::string &path, Ended ended) {
    if (Result<void> possible = can_open(path); !possible) return possible.error();
    const std::string before = path + ".1";
    if (std::rename(path.c_str(), before.c_str()) != 0 && errno != ENOENT)
        return Error{"the recording of the run before, " + path + ", cannot become " + before +
                     ": " + std::strerror(errno)};
    const Result<int> file = create_file(path);
    if (!file) return refused(path, file.error());
    return std::make_unique<Recorder>(*file, std::move(ended));
}

Recorder::Recorder(int fd, Ended ended) : writer_(std::make_shared<Writer>(fd, std::move(ended))) {
    thread_ = std::thread([writer = writer_] { writer->run(); });
}

Recorder::~Recorder() {
    if (writer_->stop())
        thread_.join();
    else
        thread_.detach();
}

void Recorder::started(const std::string &lagg, lacp::Time now,
                       const lacp::SystemParameters &parameters) {
    writer_->put({now, lagg, Start{parameters}});
}

void Recorder::happened(const std::string &lagg, lacp::Time now, const lacp::Event &event) {
    writer_->put({now, lagg, Input(event)});
}

void Recorder::acted(const std::string &lagg, lacp::Time now, const lacp::Action &action) {
    writer_->put({now, lagg, action});
}

} // namespace lagg::recording
