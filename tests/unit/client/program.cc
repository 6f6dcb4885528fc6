#include "tests/unit/client/program.h"

#include <cstdlib>
#include <sstream>

#include "common/base/text.h"

namespace eida::client {
namespace {

class FakeSession : public Session {
 public:
  explicit FakeSession(FakeApi& api) : api_(api) {}
  Api& api() override { return api_; }
  bool embedded() const override { return false; }
  std::string directory() const override { return ""; }
  void Stop() override {}

 private:
  FakeApi& api_;
};

// The parser reads the process's environment by itself.
class ScopedEnv {
 public:
  explicit ScopedEnv(const std::map<std::string, std::string>& values) : values_(values) {
    for (const auto& [name, value] : values_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~ScopedEnv() {
    for (const auto& [name, value] : values_) unsetenv(name.c_str());
  }

 private:
  const std::map<std::string, std::string>& values_;
};

}  // namespace

Json Outcome::json() const {
  const Result<Json> parsed = ParseJson(out, "stdout");
  EXPECT_TRUE(parsed.ok()) << Message(parsed.status()) << "\n" << out;
  return parsed.ok() ? *parsed : Json();
}

std::vector<Json> Outcome::lines() const {
  std::vector<Json> all;
  std::istringstream in(out);
  for (std::string line; std::getline(in, line);) {
    const Result<Json> parsed = ParseJson(line, "a line");
    EXPECT_TRUE(parsed.ok()) << line;
    all.push_back(parsed.ok() ? *parsed : Json());
  }
  return all;
}

std::vector<std::vector<std::string>> Outcome::csv() const {
  std::vector<std::vector<std::string>> rows;
  std::string cell;
  bool quoted = false;
  rows.emplace_back();
  for (const char c : out) {
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == '\n')) {
      rows.back().push_back(cell);
      cell.clear();
      if (c == '\n') rows.emplace_back();
    } else {
      cell += c;
    }
  }
  EXPECT_TRUE(rows.back().empty() && cell.empty()) << "the last line has no end: " << out;
  rows.pop_back();
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size()) << Join(row, "|");
  return rows;
}

Outcome Program::Run(const std::vector<std::string>& arguments, const Surroundings& around) {
  std::ostringstream out, err;
  Context context;
  context.out = &out;
  context.err = &err;
  context.out_tty = around.out_tty;
  context.err_tty = around.err_tty;
  context.width = around.width;
  context.clock = &clock;
  context.env = [&](const char* name) {
    const auto found = around.env.find(name);
    return found == around.env.end() ? std::string() : found->second;
  };
  int shown = 0;
  const auto between = api_.between;
  api_.between = [&] {
    ++shown;
    if (between) between();
  };
  context.interrupts = [&] {
    return around.interrupts_after >= 0 && shown >= around.interrupts_after ? 1 : 0;
  };
  context.connect = [&](const Options&, Need need) -> Result<std::unique_ptr<Session>> {
    needed = need;
    EIDA_RETURN_IF_ERROR(connect_failure);
    return std::unique_ptr<Session>(std::make_unique<FakeSession>(api_));
  };
  const ScopedEnv env(around.env);
  Outcome outcome;
  outcome.code = RunMain(context, arguments);
  outcome.out = out.str();
  outcome.err = err.str();
  api_.between = between;
  return outcome;
}

}  // namespace eida::client
