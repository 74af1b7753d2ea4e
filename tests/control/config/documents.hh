// Documents by chance: whatever the rows allow, so that a key which is new is among them.
#pragma once

#include "control/config/row.hh"

#include <random>

namespace lagg::config {

/// A table with some of its keys, the required ones always. What a form alone does not make right
/// is as in its row's example, or left out where there is none.
Node random_table(const Rows &rows, std::mt19937 &random);

} // namespace lagg::config
