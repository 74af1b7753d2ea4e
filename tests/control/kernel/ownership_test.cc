// One owner of an interface in a namespace. Two processes are in the smoke tests.
#include "control/kernel/ownership.hh"

#include <gtest/gtest.h>

namespace lagg::kernel {

TEST(Ownership, IsGivenOnceAndAgainWhenItsOwnerIsGone) {
    Result<std::unique_ptr<Ownership>> first = Ownership::take("test", "lagg77");
    ASSERT_TRUE(first) << first.error().message;
    const Result<std::unique_ptr<Ownership>> second = Ownership::take("test", "lagg77");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message, "interface lagg77 is used twice by this laggd");
    EXPECT_TRUE(Ownership::take("other", "lagg77")) << "another use of the name";
    EXPECT_TRUE(Ownership::take("test", "lagg77", 7)) << "another interface, called so by now";
    EXPECT_TRUE(Ownership::take("test", "lagg7")) << "a name that is the beginning of it";
    first->reset();
    EXPECT_TRUE(Ownership::take("test", "lagg77"));
}

TEST(Ownership, OfAnInterfaceThatWasRenamedStays) {
    const Result<std::unique_ptr<Ownership>> first = Ownership::take("test", "eth77", 77);
    ASSERT_TRUE(first);
    const Result<std::unique_ptr<Ownership>> second = Ownership::take("test", "eth78", 77);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message, "interface eth78 is used twice by this laggd");
    EXPECT_TRUE(Ownership::take("test", "eth77", 78));
}

} // namespace lagg::kernel
