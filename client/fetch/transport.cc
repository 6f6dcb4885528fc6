#include "client/fetch/transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "client/fetch/url.h"
#include "common/base/text.h"

namespace eida::fetch {
namespace {

constexpr int kMostRedirects = 10;
constexpr int64_t kMostOfAnError = 1 << 20;  // an error's text is not kept; more of it is not read

struct Global {
  Global() { curl_global_init(CURL_GLOBAL_DEFAULT); }
};

// One hop as curl's callbacks see it.
struct Exchange {
  const Hooks* hooks = nullptr;
  const Sink* sink = nullptr;
  Reply reply;
  bool begun = false;
  int64_t dropped = 0;
  Status failed;

  bool Success() const { return reply.status >= 200 && reply.status < 300; }
  void Begin() {
    if (begun || !failed.ok()) return;
    begun = true;
    failed = sink->begin(reply);
  }
};

size_t OnHeader(char* data, size_t, size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string line(Trim(std::string_view(data, size)));
  if (line.rfind("HTTP/", 0) == 0) {
    exchange.reply.headers.clear();
    const size_t space = line.find(' ');
    exchange.reply.status =
        space == std::string::npos ? 0 : std::atoi(line.c_str() + static_cast<ptrdiff_t>(space));
    return size;
  }
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return size;
  std::string name = line.substr(0, colon);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  exchange.reply.headers[name] = std::string(Trim(line.substr(colon + 1)));
  return size;
}

size_t OnBody(char* data, size_t, size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (!exchange.Success()) {
    exchange.dropped += static_cast<int64_t>(size);
    return exchange.dropped > kMostOfAnError ? 0 : size;
  }
  exchange.Begin();
  if (exchange.failed.ok()) exchange.failed = exchange.sink->write(data, size);
  return exchange.failed.ok() ? size : 0;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.failed.ok()) exchange.failed = exchange.hooks->stop();
  return exchange.failed.ok() ? 0 : 1;
}

Status FromCurl(CURLcode code, const std::string& url, const char* detail) {
  const std::string text =
      "GET " + url + ": " + (*detail != '\0' ? detail : curl_easy_strerror(code));
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return FailedPrecondition(
          text +
          "; the server's certificate is not trusted here: install ca-certificates, or add the "
          "authority of your site's proxy with update-ca-certificates");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return Unavailable(text + "; is the network there, or does it want https_proxy?");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return InvalidArgument(text);
    default:
      return Unavailable(text);
  }
}

}  // namespace

struct Transport::Impl {
  CURL* curl = nullptr;
  ~Impl() { curl_easy_cleanup(curl); }
};

std::string Reply::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

Transport::Transport(Hooks hooks, Patience patience)
    : hooks_(std::move(hooks)), patience_(patience), impl_(std::make_unique<Impl>()) {
  static const Global global;
  impl_->curl = curl_easy_init();
}
Transport::~Transport() = default;

Result<Reply> Transport::Hop(const Get& get, const std::string& url, bool with_token,
                             const Sink& sink) {
  CURL* curl = impl_->curl;
  curl_easy_reset(curl);
  Exchange exchange{&hooks_, &sink};
  exchange.reply.url = url;
  char detail[CURL_ERROR_SIZE] = "";
  curl_slist* headers = nullptr;
  const auto add = [&](const std::string& line) {
    headers = curl_slist_append(headers, line.c_str());
  };
  if (with_token) add("Authorization: Bearer " + get.token);
  if (!get.range.empty()) add("Range: " + get.range);
  if (!get.range.empty() && !get.if_range.empty()) add("If-Range: " + get.if_range);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "eidactl/" EIDA_VERSION);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);  // Run follows, and looks where it leads
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(patience_.connect.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(patience_.stall_seconds));
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L << 10);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  const CURLcode code = curl_easy_perform(curl);
  curl_slist_free_all(headers);
  EIDA_RETURN_IF_ERROR(exchange.failed);
  if (code != CURLE_OK && exchange.dropped <= kMostOfAnError) return FromCurl(code, url, detail);
  if (exchange.Success()) exchange.Begin();
  EIDA_RETURN_IF_ERROR(exchange.failed);
  return exchange.reply;
}

Result<Reply> Transport::Run(const Get& get, const Sink& sink) {
  EIDA_RETURN_IF_ERROR(CheckUrl(get.url));
  EIDA_ASSIGN_OR_RETURN(const std::string home, Origin(get.url));
  bool with_token = !get.token.empty();
  std::string url = get.url;
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    EIDA_RETURN_IF_ERROR(hooks_.stop());
    EIDA_ASSIGN_OR_RETURN(Reply reply, Hop(get, url, with_token, sink));
    const bool redirected = reply.status == 301 || reply.status == 302 || reply.status == 303 ||
                            reply.status == 307 || reply.status == 308;
    if (!redirected) return reply;
    EIDA_ASSIGN_OR_RETURN(url, FollowRedirect(url, reply.Header("location")));
    EIDA_ASSIGN_OR_RETURN(const std::string origin, Origin(url));
    with_token = with_token && origin == home;
  }
  return FailedPrecondition(get.url + ": more than " + std::to_string(kMostRedirects) +
                            " redirects; the address is not what it was, or a proxy is in the way");
}

Status Refusal(const Reply& reply, const std::string& what, const std::string& page,
               bool with_token) {
  const std::string text =
      what + ": " + reply.url + " answers " + std::to_string(reply.status) + " ";
  const std::string look = page.empty() ? "" : " (see " + page + ")";
  switch (reply.status) {
    case 401:
    case 403:
      if (page.empty())
        return Unauthenticated(text + "(access refused): open the address in a browser to see why");
      return Unauthenticated(
          text + "(access refused): " +
          (with_token ? "the token in HF_TOKEN may not read it: accept its terms with that account"
                      : "there is no such repository, or it is private or gated: check the name, "
                        "accept its terms, and set HF_TOKEN to a token of that account") +
          look);
    case 404:
    case 410:
      if (page.empty())
        return NotFound(text +
                        "(not found): its publisher moved it, or EIDA_FETCH_MIRROR lacks it");
      return NotFound(text + "(not found): check owner, name, revision and file" + look +
                      (with_token ? "" : "; a private repository wants HF_TOKEN"));
    default:
      break;
  }
  const std::string status = text + "(" +
                             (reply.status == 429   ? "too many requests"
                              : reply.status >= 500 ? "the server's own error"
                                                    : "unexpected") +
                             ")";
  if (reply.status >= 500 || reply.status == 429 || reply.status == 408) return Unavailable(status);
  return FailedPrecondition(status + look);
}

Millis RetryAfter(const Reply& reply) {
  const std::string text = reply.Header("retry-after");
  if (text.empty() || text.size() > 6 ||
      !std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; }))
    return Millis(0);
  return std::chrono::seconds(std::stol(text));
}

}  // namespace eida::fetch
