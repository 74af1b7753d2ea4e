// Result<T>: a value, or an Error that an operator can read. The member names are those of
// std::expected (C++23), so that it can take this type's place when the compiler has it.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace lagg {

/// What went wrong, as one sentence for the operator: the thing, the value, and the way out.
struct Error {
    std::string message;
};

template <typename T> class [[nodiscard]] Result {
  public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return content_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T &value() & {
        assert(has_value());
        return std::get<0>(content_);
    }
    const T &value() const & {
        assert(has_value());
        return std::get<0>(content_);
    }
    T &&value() && {
        assert(has_value());
        return std::get<0>(std::move(content_));
    }
    T &operator*() & { return value(); }
    const T &operator*() const & { return value(); }
    T &&operator*() && { return std::move(*this).value(); }
    T *operator->() { return &value(); }
    const T *operator->() const { return &value(); }

    const Error &error() const {
        assert(!has_value());
        return std::get<1>(content_);
    }

  private:
    std::variant<T, Error> content_;
};

template <> class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }

    const Error &error() const {
        assert(error_.has_value());
        return *error_;
    }

  private:
    std::optional<Error> error_;
};

} // namespace lagg
