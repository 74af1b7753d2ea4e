// What the operator got wrong, and where: apart from load.hh so that each part of the reader can
// use it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace lagg::config {

/// A place in the document. Columns count characters, not bytes.
struct Position {
    unsigned line = 0;   ///< from 1; 0 is no place
    unsigned column = 0; ///< from 1
    auto operator<=>(const Position &) const = default;
};

/// One mistake, for the operator.
struct Mistake {
    std::string file;
    unsigned line = 0;   ///< from 1; 0 when the file itself cannot be read
    unsigned column = 0; ///< from 1
    /// What is wrong, with the offending value, and what is allowed.
    std::string message;
};
/// "FILE:LINE:COLUMN: message", or "FILE: message" where the mistake has no line.
std::string to_string(const Mistake &mistake);

/// Every mistake found, in file order; never empty.
struct Mistakes {
    std::vector<Mistake> list;
};

/// Collects mistakes in the order in which they are noticed; the reader sorts them at the end.
class Complaints {
  public:
    explicit Complaints(std::string file) : file_(std::move(file)) {}

    void add(Position at, std::string message);
    bool empty() const { return list_.empty(); }
    /// All of them, in file order.
    Mistakes take() &&;

  private:
    std::string file_;
    std::vector<Mistake> list_;
};

} // namespace lagg::config
