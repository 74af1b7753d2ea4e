// libcurl speaks HTTP over Unix sockets itself; what is left is to say in words what went wrong.
#include "laggctl/client.hh"

#include "laggctl/port_words.hh"

#include <curl/curl.h>

#include <cassert>
#include <cerrno>
#include <grp.h>
#include <memory>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>

namespace lagg::ctl {
namespace {

// Far above any real answer; what sends more is not laggd.
constexpr size_t kMostBytes = size_t{64} << 20;

struct CurlCleanup {
    void operator()(CURL *curl) const { curl_easy_cleanup(curl); }
};
using Curl = std::unique_ptr<CURL, CurlCleanup>;

// CURL_GLOBAL_NOTHING: TLS stays asleep, which is most of libcurl's start-up time.
Curl new_curl() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_NOTHING);
    return Curl(ready == CURLE_OK ? curl_easy_init() : nullptr);
}

size_t append(char *data, size_t, size_t size, void *body) {
    auto &text = *static_cast<std::string *>(body);
    if (text.size() + size > kMostBytes)
        return 0; // libcurl takes a short count as an order to stop
    text.append(data, size);
    return size;
}

std::string group_of(const std::string &path) {
    struct stat file {};
    if (stat(path.c_str(), &file) != 0) return "lagg"; // not even its directory may be searched
    const group *entry = getgrgid(file.st_gid);
    return entry ? entry->gr_name : std::to_string(file.st_gid);
}

Failure connect_failure(const std::string &socket, int error_number) {
    if (error_number == EACCES || error_number == EPERM)
        return {ExitCode::PERMISSION, "no permission for " + socket +
                                          ": it takes root or a member of group " +
                                          group_of(socket)};
    const std::string reason =
        error_number ? std::generic_category().message(error_number) : "cannot connect";
    return {ExitCode::UNREACHABLE,
            "laggd does not answer on " + socket + " (" + reason +
                "); start it (systemctl start laggd), or name its socket with --socket PATH or "
                "LAGG_API"};
}

Failure failure_of(CURL *curl, CURLcode code, const std::string &socket,
                   std::chrono::milliseconds timeout) {
    switch (code) {
    case CURLE_COULDNT_CONNECT: {
        long error_number = 0;
        curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error_number);
        return connect_failure(socket, static_cast<int>(error_number));
    }
    case CURLE_OPERATION_TIMEDOUT:
        return {ExitCode::TIMEOUT, "laggd on " + socket + " gave no answer within " +
                                       duration_text(static_cast<double>(timeout.count()) / 1000) +
                                       "; allow more with --timeout SECONDS"};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        return {ExitCode::UNREACHABLE,
                "laggd on " + socket +
                    " closed the connection before it answered; is it stopping?"};
    default:
        return {ExitCode::FAILED,
                "what answers on " + socket + " is not laggd: " + curl_easy_strerror(code)};
    }
}

} // namespace

std::string Client::escaped(const std::string &segment) {
    const std::unique_ptr<char, decltype(&curl_free)> text(
        curl_easy_escape(nullptr, segment.data(), static_cast<int>(segment.size())), &curl_free);
    return text ? text.get() : "";
}

std::variant<Response, Failure> Client::request(Method method, const std::string &path,
                                                const std::string &body) const {
    if (socket_.empty() || socket_.size() >= sizeof sockaddr_un::sun_path)
        return Failure{ExitCode::USAGE, "socket path \"" + socket_ + "\": it has 1 to " +
                                            std::to_string(sizeof sockaddr_un::sun_path - 1) +
                                            " characters"};
    const Curl curl = new_curl();
    if (!curl) return Failure{ExitCode::FAILED, "libcurl cannot be initialised"};
    Response response;
    CURL *const handle = curl.get();
    curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, socket_.c_str());
    curl_easy_setopt(handle, CURLOPT_URL, ("http://laggd" + path).c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(handle, CURLOPT_PROXY, ""); // http_proxy does not lead to this socket
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &append);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &response.body);
    if (method == Method::POST) curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, body.c_str());
    if (const CURLcode code = curl_easy_perform(handle); code != CURLE_OK)
        return failure_of(handle, code, socket_, timeout_);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &response.status);
    return response;
}

} // namespace lagg::ctl
