#include "client/fetch/catalogue.h"

#include <algorithm>
#include <charconv>

#include "client/fetch/hub.h"
#include "common/base/digest.h"
#include "common/base/text.h"

namespace eida::fetch {
namespace {

enum Kind { data, model };

// Trimmed parts, empty ones left out.
std::vector<std::string> Parts(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (const std::string& part : Split(text, separator)) {
    if (const std::string_view trimmed = Trim(part); !trimmed.empty()) parts.emplace_back(trimmed);
  }
  return parts;
}

Source MakeSource(const char* id, Kind kind, const char* from, const char* files,
                  const char* outputs, int64_t bytes, const char* settings, const char* licence,
                  const char* help) {
  // The table's own mistakes are found by its test.
  return {id,
          kind == model,
          from,
          ParseKnownFiles(files).value_or(std::vector<KnownFile>()),
          ParseOutputs(outputs).value_or(std::vector<Output>()),
          bytes,
          Parts(settings, ';'),
          licence,
          help};
}

}  // namespace

Result<std::vector<KnownFile>> ParseKnownFiles(const std::string& text) {
  std::vector<KnownFile> files;
  for (const std::string& part : Parts(text, ';')) {
    const std::vector<std::string> words = Parts(part, ' ');
    if (words.size() != 3 || !IsSafeName(words[0]))
      return InvalidArgument("\"" + part + "\" is not \"name size sha256\"");
    KnownFile file{words[0]};
    const std::string& size = words[1];
    if (size != "-") {
      const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), file.size);
      if (error != std::errc() || end != size.data() + size.size() || file.size <= 0)
        return InvalidArgument("\"" + size + "\" is no size");
    }
    if (words[2] != "-") file.sha256 = words[2];
    if (!file.sha256.empty() && !IsDigest(file.sha256))
      return InvalidArgument("\"" + words[2] + "\" is no SHA-256");
    files.push_back(std::move(file));
  }
  return files;
}

Result<std::vector<Output>> ParseOutputs(const std::string& text) {
  std::vector<Output> outputs;
  for (const std::string& part : Parts(text, ';')) {
    const std::vector<std::string> words = Parts(part, ' ');
    const Result<Form> form = words.size() == 4 && words[1] == "="
                                  ? ParseForm(words[2])
                                  : Result<Form>(InvalidArgument("no form"));
    if (!form.ok()) return InvalidArgument("\"" + part + "\" is not \"path = form file[:member]\"");
    const size_t colon = words[3].find(':');
    Output output{words[0], *form, words[3].substr(0, colon),
                  colon == std::string::npos ? "" : words[3].substr(colon + 1)};
    if (!IsSafeName(output.path) || !IsSafeName(output.file))
      return InvalidArgument("\"" + part + "\" names a path outside of its directory");
    outputs.push_back(std::move(output));
  }
  return outputs;
}

const std::vector<Source>& Catalogue() {
  static const std::vector<Source> kSources = {
#define EIDA_FETCH(...) MakeSource(__VA_ARGS__),
#include "client/fetch/catalogue.def"
#undef EIDA_FETCH
  };
  return kSources;
}

const Source* FindSource(const std::string& id) {
  const auto found = std::ranges::find(Catalogue(), id, &Source::id);
  return found == Catalogue().end() ? nullptr : &*found;
}

std::vector<std::string> SourceIds() {
  std::vector<std::string> ids;
  for (const Source& source : Catalogue()) ids.push_back(source.id);
  return ids;
}

}  // namespace eida::fetch
