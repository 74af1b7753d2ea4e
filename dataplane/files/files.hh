// Files whose paths somebody else wrote: read and written so that what stands there in place of a
// regular file neither blocks, nor never ends, nor is overwritten.
#pragma once

#include "dataplane/base/result.hh"

#include <cstddef>
#include <string>
#include <string_view>

namespace lagg {

// Errors are the reason alone ("it is a FIFO and not a regular file"), to be put after the path.

/// The content of a regular file of at most `most_bytes`. Symbolic links are followed.
Result<std::string> read_file(const std::string &path, size_t most_bytes);

/// Whether a regular file or nothing is at `path`, so that one may be made or put aside there. A
/// symbolic link is neither, wherever it leads.
Result<void> can_be_file(const std::string &path);

/// Makes a new, empty file where nothing is and opens it for writing: a descriptor of the caller's.
Result<int> create_file(const std::string &path);

/// The file has this content or, when that fails, the one it had: what is new is written to
/// PATH.new, reaches the disk and takes the file's name then.
Result<void> replace_file(const std::string &path, std::string_view content);

/// Opens /dev/null in the place of standard input, output and error where they are closed, before
/// another file gets their number and what is meant for a person.
void take_standard_descriptors();

/// Writes all of it, however often the kernel takes a part.
Result<void> write_all(int fd, std::string_view content);

} // namespace lagg
