#include "server/service/call_metrics.h"

#include <array>
#include <string>

#include "common/base/clock.h"

namespace eida::service {
namespace {

using grpc::experimental::InterceptionHookPoints;

const char* TypeText(grpc::experimental::ServerRpcInfo::Type type) {
  using Type = grpc::experimental::ServerRpcInfo::Type;
  switch (type) {
    case Type::UNARY:
      return "unary";
    case Type::CLIENT_STREAMING:
      return "client_stream";
    case Type::SERVER_STREAMING:
      return "server_stream";
    case Type::BIDI_STREAMING:
      return "bidi_stream";
  }
  return "unknown";
}

const char* CodeText(int code) {
  static constexpr std::array kTexts = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  return code >= 0 && code < static_cast<int>(kTexts.size()) ? kTexts[code] : "Unknown";
}

class CallMetrics final : public grpc::experimental::Interceptor {
 public:
  CallMetrics(telemetry::CoordinatorMetrics& metrics, std::atomic<int>& in_flight,
              grpc::experimental::ServerRpcInfo* info)
      : metrics_(metrics), in_flight_(in_flight) {
    ++in_flight_;
    // "/eida.v1.SweepService/Submit"
    const std::string path = info->method();
    const size_t slash = path.rfind('/');
    labels_ = {TypeText(info->type()), path.substr(1, slash - 1), path.substr(slash + 1)};
  }
  ~CallMetrics() override { --in_flight_; }
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      metrics_.grpc_started.Add(labels_);
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      telemetry::Labels with_code = labels_;
      with_code.push_back(CodeText(methods->GetSendStatus().error_code()));
      metrics_.grpc_handled.Add(with_code);
      metrics_.grpc_handling.Observe(labels_, watch_.Seconds());
    }
    methods->Proceed();
  }

 private:
  telemetry::CoordinatorMetrics& metrics_;
  std::atomic<int>& in_flight_;
  telemetry::Labels labels_;
  Stopwatch watch_;
};

class Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  Factory(telemetry::CoordinatorMetrics& metrics, std::atomic<int>& in_flight)
      : metrics_(metrics), in_flight_(in_flight) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override {
    return new CallMetrics(metrics_, in_flight_, info);
  }

 private:
  telemetry::CoordinatorMetrics& metrics_;
  std::atomic<int>& in_flight_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallMetrics(
    telemetry::CoordinatorMetrics& metrics, std::atomic<int>& in_flight) {
  return std::make_unique<Factory>(metrics, in_flight);
}

}  // namespace eida::service
