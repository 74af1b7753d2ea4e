// Work keeps its order over threads, and a sender may outlive its queue.
#include "control/threads/work_queue.hh"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace lagg {
namespace {

bool is_readable(const WorkQueue &queue, int limit_ms = 0) {
    pollfd fd{.fd = queue.fd(), .events = POLLIN, .revents = 0};
    return poll(&fd, 1, limit_ms) == 1;
}

TEST(WorkQueue, RunsWhatWasPostedInItsOrder) {
    WorkQueue queue;
    std::string done;
    EXPECT_FALSE(is_readable(queue));
    EXPECT_FALSE(queue.run());
    for (const char letter : {'a', 'b', 'c'})
        queue.sender().post([&done, letter] { done += letter; });
    EXPECT_TRUE(is_readable(queue));
    EXPECT_TRUE(queue.run());
    EXPECT_EQ(done, "abc");
    EXPECT_FALSE(is_readable(queue));
    EXPECT_FALSE(queue.run());
}

TEST(WorkQueue, WhatIsPostedMeanwhileIsForTheNextTime) {
    WorkQueue queue;
    int runs = 0;
    queue.sender().post([&] { queue.sender().post([&] { ++runs; }); });
    EXPECT_TRUE(queue.run());
    EXPECT_EQ(runs, 0);
    EXPECT_TRUE(is_readable(queue));
    EXPECT_TRUE(queue.run());
    EXPECT_EQ(runs, 1);
}

TEST(WorkQueue, OneOfAKeyWaitsAtATime) {
    WorkQueue queue;
    std::string done;
    for (const char *key : {"lagg0", "lagg1", "lagg0"})
        queue.sender().post_once(key, [&done, key] { done += key; });
    queue.run();
    EXPECT_EQ(done, "lagg0lagg1");
    queue.sender().post_once("lagg0", [&] { done += "again"; });
    queue.run();
    EXPECT_EQ(done, "lagg0lagg1again");
}

TEST(WorkQueue, LosesNothingOfManyThreads) {
    constexpr int kThreads = 4;
    constexpr int kEach = 2000;
    WorkQueue queue;
    std::vector<std::vector<int>> seen(kThreads);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&seen, t, sender = queue.sender()] {
            for (int i = 0; i < kEach; ++i)
                sender.post([&seen, t, i] { seen[t].push_back(i); });
        });
    const auto count = [&] {
        size_t all = 0;
        for (const std::vector<int> &one : seen)
            all += one.size();
        return all;
    };
    // A wakeup that is lost would leave it unreadable with something in it.
    while (count() < size_t{kThreads} * kEach && is_readable(queue, 10'000))
        queue.run();
    for (std::thread &thread : threads)
        thread.join();
    for (const std::vector<int> &one : seen) {
        ASSERT_EQ(one.size(), size_t{kEach});
        EXPECT_TRUE(std::is_sorted(one.begin(), one.end()));
    }
}

TEST(WorkQueue, ACallReturnsWhenItIsDone) {
    WorkQueue queue;
    bool done = false;
    bool was_done = false;
    std::thread caller([&] {
        queue.sender().call([&] { done = true; });
        was_done = done;
    });
    ASSERT_TRUE(is_readable(queue, 10'000));
    queue.run();
    caller.join();
    EXPECT_TRUE(was_done);
}

/// Posts when it is destroyed, as the answer to a request that nobody will answer does.
struct LastWord {
    WorkQueue::Sender sender;
    bool &ran;
    ~LastWord() {
        sender.post([&ran = ran] { ran = true; });
    }
};

TEST(WorkQueue, ASenderOutlivesItAndItsWorkIsDropped) {
    auto queue = std::make_unique<WorkQueue>();
    const WorkQueue::Sender sender = queue->sender();
    bool ran = false;
    auto owned = std::make_shared<LastWord>(sender, ran);
    const std::weak_ptr<LastWord> watched = owned;
    sender.post([owned = std::move(owned)] { owned->ran = true; });
    queue.reset();
    EXPECT_TRUE(watched.expired());
    auto late = std::make_shared<bool>();
    const std::weak_ptr<bool> watched_late = late;
    sender.post([&ran, late = std::move(late)] { ran = true; });
    EXPECT_TRUE(watched_late.expired());
    EXPECT_FALSE(ran);
}

TEST(WorkQueue, WithoutADescriptorItIsNotUsable) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const WorkQueue queue;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(queue.usable());
}

} // namespace
} // namespace lagg
