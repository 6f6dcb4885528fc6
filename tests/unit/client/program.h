// eidactl as a function: arguments and a coordinator in, exit code and both streams out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/fake_api.h"

namespace eida::client {

struct Outcome {
  int code = -1;
  std::string out, err;
  Json json() const;                // of `out`; null and a failed test when it is none
  std::vector<Json> lines() const;  // the same, an object a line
  // Cells of `out` as CSV, without quotes; a failed test when the rows differ in length.
  std::vector<std::vector<std::string>> csv() const;
};

struct Surroundings {
  std::map<std::string, std::string> env;
  bool out_tty = false, err_tty = false;
  int interrupts_after = -1;  // Ctrl-C is seen once Watch has shown this many states
  int width = 80;
};

class Program {
 public:
  explicit Program(FakeApi& api) : api_(api) {}
  Outcome Run(const std::vector<std::string>& arguments, const Surroundings& around = {});
  FakeClock clock;
  Need needed = Need::kExisting;  // of the last session
  Status connect_failure;

 private:
  FakeApi& api_;
};

}  // namespace eida::client
