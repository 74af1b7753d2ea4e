// What the kernel's numbers of errors mean to an operator.
#pragma once

#include "dataplane/base/result.hh"

#include <string>

namespace lagg {

/// strerror's words; of too many open files also the limit and the way out. Of any thread.
std::string reason_of(int error);

/// The index of a kernel interface. An interface that is not there is told from one that could not
/// be asked for.
Result<unsigned> interface_index(const std::string &name);

} // namespace lagg
