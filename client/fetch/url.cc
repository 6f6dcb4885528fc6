#include "client/fetch/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace eida::fetch {
namespace {

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

Result<Handle> Parse(const std::string& url) {
  Handle handle(curl_url(), curl_url_cleanup);
  const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), 0);
  if (code != CURLUE_OK)
    return InvalidArgument("\"" + url + "\" is not an address (" + curl_url_strerror(code) + ")");
  return handle;
}

// "" when the address has no such part.
std::string Part(const Handle& handle, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle.get(), part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// A name that only begins like an address of this machine is somebody else's.
bool IsLoopback(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
  return host == "localhost" || host == "[::1]";
}

std::string Escape(const std::string& text, const std::string& kept) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || kept.find(c) != std::string::npos)
      out += c;
    else
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

}  // namespace

Status CheckUrl(const std::string& url) {
  EIDA_ASSIGN_OR_RETURN(const Handle handle, Parse(url));
  const std::string scheme = Lower(Part(handle, CURLUPART_SCHEME));
  if (!Part(handle, CURLUPART_USER).empty() || !Part(handle, CURLUPART_PASSWORD).empty())
    return InvalidArgument(
        "an address with a user or password in it is refused; for Hugging Face set HF_TOKEN");
  if (scheme == "https") return OkStatus();
  if (scheme == "http" && IsLoopback(Lower(Part(handle, CURLUPART_HOST)))) return OkStatus();
  return InvalidArgument("\"" + url + "\" is refused: only https is spoken beyond this machine");
}

Result<std::string> Origin(const std::string& url) {
  EIDA_ASSIGN_OR_RETURN(const Handle handle, Parse(url));
  return Lower(Part(handle, CURLUPART_SCHEME) + "://" + Part(handle, CURLUPART_HOST)) + ":" +
         Part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

Result<std::string> FollowRedirect(const std::string& from, const std::string& location) {
  EIDA_ASSIGN_OR_RETURN(const Handle handle, Parse(from));
  const std::string before = Lower(Part(handle, CURLUPART_SCHEME));
  const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, location.c_str(), 0);
  if (code != CURLUE_OK || location.empty())
    return FailedPrecondition(from + ": redirects to \"" + location + "\", which is no address");
  const std::string to = Part(handle, CURLUPART_URL);
  if (before == "https" && Lower(Part(handle, CURLUPART_SCHEME)) != "https")
    return FailedPrecondition(from + ": redirects from https to " + to +
                              ", which anybody on the way could read and change; refused");
  if (const Status allowed = CheckUrl(to); !allowed.ok())
    return FailedPrecondition(from + ": redirects to " + to + ": " + Message(allowed));
  return to;
}

std::string EscapeSegment(const std::string& text) { return Escape(text, "-._~"); }
std::string EscapePath(const std::string& path) { return Escape(path, "-._~/"); }

}  // namespace eida::fetch
