// What can be fetched by name: catalogue.def as values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/fetch/forms.h"
#include "common/base/status.h"

namespace eida::fetch {

struct KnownFile {
  std::string name;
  int64_t size = -1;   // -1 = not published
  std::string sha256;  // "" = not published
};

struct Output {
  std::string path;  // below the target
  Form form = Form::kAsIs;
  std::string file, member;  // what it is made of; member "" = the file itself
};

struct Source {
  std::string id;
  bool model = false;  // else a data set
  std::string from;    // hf:.. or an address that ends in /
  std::vector<KnownFile> files;
  std::vector<Output> outputs;  // empty = the files as they come
  int64_t bytes = -1;
  std::vector<std::string> settings;  // of the sweep file's data section
  std::string licence, help;
};

const std::vector<Source>& Catalogue();
const Source* FindSource(const std::string& id);
std::vector<std::string> SourceIds();

// The three small languages of catalogue.def; InvalidArgument naming the part that does not fit.
Result<std::vector<KnownFile>> ParseKnownFiles(const std::string& text);
Result<std::vector<Output>> ParseOutputs(const std::string& text);

}  // namespace eida::fetch
