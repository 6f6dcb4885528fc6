// The whole coordinator as one object: the composition root. Tests run it in their own process;
// main does little else.
#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "server/app/options.h"

namespace eida::app {

class Coordinator {
 public:
  // Recovers what the data directory holds and serves. Refuses (and changes nothing but, at most,
  // the making of the directory) when an address is taken, the directory belongs to another
  // coordinator, is not writable or comes from a newer version. `clock` outlives the object.
  static Result<std::unique_ptr<Coordinator>> Start(const ServeOptions& options,
                                                    const Clock& clock);
  // As Stop with no patience.
  ~Coordinator();

  // Ends calls (those in flight get `grace`), commits what was asked for, closes the database
  // cleanly.
  void Stop(Millis grace);

  rpc::Address address() const;
  std::string http_address() const;  // "" = no HTTP
  const std::string& token_file() const;
  std::string MetricsText() const;  // what /metrics shows

 private:
  struct Impl;
  explicit Coordinator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace eida::app
