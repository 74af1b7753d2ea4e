// A machine as a tree of files below a directory of the test's own.
#pragma once

#include "control/host/machine.hh"

#include <filesystem>
#include <string>

namespace lagg::host {

class Tree {
  public:
    Tree();
    ~Tree();
    Tree(const Tree &) = delete;
    Tree &operator=(const Tree &) = delete;

    /// A file of this content, with its directories; `path` without a leading slash.
    Tree &file(const std::string &path, const std::string &content = "");
    Tree &link(const std::string &path, const std::string &target);

    /// A network device; without a driver or a group where they are empty.
    Tree &nic(const std::string &address, const std::string &driver, const std::string &group = "",
              const std::string &interface = "");
    Tree &huge_pages(unsigned total, unsigned free);
    Tree &module_available(const std::string &file);
    Tree &kept(const std::string &address, const std::string &driver);
    /// CPUs 0 to 3, /dev/net/tun, an empty PCI bus: what every server has.
    Tree &server();

    Machine read() const { return read_files(root_); }

  private:
    std::filesystem::path root_;
};

} // namespace lagg::host
