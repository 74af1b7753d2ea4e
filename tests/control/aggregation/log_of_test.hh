// The log while a test runs.
#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <cstdint>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace lagg::aggregation {

class Log {
  public:
    Log() : before_(spdlog::default_logger()) {
        spdlog::set_default_logger(std::make_shared<spdlog::logger>(
            "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
    }
    ~Log() { spdlog::set_default_logger(before_); }
    Log(const Log &) = delete;
    Log &operator=(const Log &) = delete;

    std::string text() const { return text_.str(); }
    std::vector<std::string> lines() const {
        std::istringstream in(text());
        std::vector<std::string> lines;
        for (std::string line; std::getline(in, line);)
            lines.push_back(line);
        return lines;
    }
    /// Lines that the log says it left out.
    uint64_t left_out() const {
        uint64_t sum = 0;
        static const std::regex kLeftOut(": ([0-9]+) more lines were left out");
        std::smatch found;
        for (const std::string &line : lines())
            if (std::regex_search(line, found, kLeftOut)) sum += std::stoull(found[1]);
        return sum;
    }

  private:
    std::ostringstream text_;
    std::shared_ptr<spdlog::logger> before_;
};

} // namespace lagg::aggregation
