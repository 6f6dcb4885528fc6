#include "common/http/server.h"

#include <atomic>
#include <thread>

#include "common/base/asio.h"
#include "common/base/log.h"
#include "common/http/session.h"

namespace eida::http {

struct Server::Impl {
  explicit Impl(const ServerOptions& o, const Site& s)
      : limits{s, o.max_header_bytes, o.timeout, {}}, options(o) {}

  Status Open() {
    try {
      if (!options.tls_cert.empty()) {
        tls.emplace(asio::ssl::context::tls_server);
        tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                         asio::ssl::context::no_tlsv1_1);
        tls->use_certificate_chain_file(options.tls_cert);
        tls->use_private_key_file(options.tls_key, asio::ssl::context::pem);
      }
    } catch (const boost::system::system_error& error) {
      return FailedPrecondition("TLS files " + options.tls_cert + " and " + options.tls_key + ": " +
                                error.what() + "; give a PEM certificate chain and its key");
    }
    boost::system::error_code error;
    asio::ip::tcp::resolver resolver(io);
    const auto found =
        resolver.resolve(options.listen.host, std::to_string(options.listen.port), error);
    if (error) return CannotListen(error.message());
    const asio::ip::tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return CannotListen(error.message());
    bound = {options.listen.host, acceptor.local_endpoint().port()};
    return OkStatus();
  }

  Status CannotListen(const std::string& why) const {
    return FailedPrecondition(
        "HTTP address " + options.listen.ToString() + ": " + why +
        "; choose another one with --http (port 0 takes any free one), or stop what listens there");
  }

  void Accept() {
    acceptor.async_accept([this](boost::system::error_code error, asio::ip::tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {
        // Out of descriptors, mostly: give the system a moment instead of spinning.
        EIDA_WARN("http: accept: {}", error.message());
        pause.expires_after(Millis(100));
        pause.async_wait([this](boost::system::error_code e) {
          if (!e) Accept();
        });
        return;
      }
      if (limits.open < static_cast<int>(options.max_connections)) {
        StartSession(std::move(socket), tls ? &*tls : nullptr, limits);
      }
      Accept();
    });
  }

  SessionLimits limits;
  ServerOptions options;
  std::optional<asio::ssl::context> tls;
  asio::io_context io{1};
  asio::ip::tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};
  rpc::Address bound;
  std::thread thread;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, const Site& site) {
  auto impl = std::make_unique<Impl>(options, site);
  EIDA_RETURN_IF_ERROR(impl->Open());
  impl->Accept();
  impl->thread = std::thread([raw = impl.get()] { raw->io.run(); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::~Server() {
  impl_->io.stop();
  impl_->thread.join();
}

rpc::Address Server::address() const { return impl_->bound; }

}  // namespace eida::http
