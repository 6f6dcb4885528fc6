#include "common/http/session.h"

#include <memory>

#include "boost/beast/core.hpp"
#include "boost/beast/http.hpp"

namespace eida::http {
namespace {

namespace beast = boost::beast;

template <class Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
 public:
  Session(Stream stream, SessionLimits& limits) : stream_(std::move(stream)), limits_(limits) {
    ++limits_.open;
  }
  ~Session() { --limits_.open; }

  void Start() {
    if constexpr (kTls) {
      Expire();
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](beast::error_code error) {
                                if (!error) self->Read();
                              });
    } else {
      Read();
    }
  }

 private:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  void Expire() { beast::get_lowest_layer(stream_).expires_after(limits_.timeout); }

  void Read() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(limits_.max_header_bytes));
    parser_->body_limit(0);  // nothing that is answered has a body
    Expire();
    beast::http::async_read(stream_, buffer_, *parser_,
                            [self = this->shared_from_this()](beast::error_code error, size_t) {
                              self->OnRead(error);
                            });
  }

  void OnRead(beast::error_code error) {
    if (error == beast::http::error::header_limit)
      return Write({431, "text/plain", "the header is too long\n", {}}, false);
    if (error == beast::http::error::body_limit)
      return Write({413, "text/plain", "a request has no body here\n", {}}, false);
    // A timeout or a closed connection has nobody to answer to; a broken request gets one answer.
    if (error &&
        error.category() ==
            beast::http::make_error_code(beast::http::error::bad_method).category() &&
        error != beast::http::error::end_of_stream &&
        error != beast::http::error::partial_message) {
      return Write({400, "text/plain", "not a request\n", {}}, false);
    }
    if (error) return Close();
    const auto& message = parser_->get();
    const auto text = [](auto view) { return std::string(view.data(), view.size()); };
    Request request{text(message.method_string()), text(message.target()),
                    text(message[beast::http::field::host]),
                    text(message[beast::http::field::authorization])};
    Write(limits_.site.Handle(request), message.keep_alive());
  }

  void Write(Response response, bool keep) {
    message_ = {};
    message_.version(11);
    message_.result(static_cast<unsigned>(response.status));
    message_.set(beast::http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) message_.set(name, value);
    message_.body() = std::move(response.body);
    message_.keep_alive(keep);
    message_.prepare_payload();
    Expire();
    beast::http::async_write(
        stream_, message_,
        [self = this->shared_from_this(), keep](beast::error_code error, size_t) {
          if (error || !keep) return self->Close();
          self->Read();
        });
  }

  void Close() {
    beast::error_code ignored;
    beast::get_lowest_layer(stream_).socket().shutdown(asio::ip::tcp::socket::shutdown_send,
                                                       ignored);
  }

  Stream stream_;
  SessionLimits& limits_;
  beast::flat_buffer buffer_{64 << 10};
  std::optional<beast::http::request_parser<beast::http::empty_body>> parser_;
  beast::http::response<beast::http::string_body> message_;
};

}  // namespace

void StartSession(asio::ip::tcp::socket socket, asio::ssl::context* tls, SessionLimits& limits) {
  if (tls == nullptr) {
    std::make_shared<Session<beast::tcp_stream>>(beast::tcp_stream(std::move(socket)), limits)
        ->Start();
  } else {
    using Tls = beast::ssl_stream<beast::tcp_stream>;
    std::make_shared<Session<Tls>>(Tls(beast::tcp_stream(std::move(socket)), *tls), limits)
        ->Start();
  }
}

}  // namespace eida::http
