// A fetch from its name to a directory that a sweep file can name.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/fetch/catalogue.h"
#include "client/fetch/download.h"
#include "client/fetch/hub.h"
#include "client/fetch/manifest.h"

namespace eida::fetch {

// What is wanted, as far as it can be said without the network.
struct Wanted {
  std::string name;       // as typed: an id of the catalogue, or hf:..
  Source source;          // of the catalogue, or made for a repository
  std::string directory;  // where it goes
  std::string identity;   // hf:owner/name@revision or the address: what the manifest is compared by
  std::string commit;  // that the directory was fetched at before; "" = what the revision means now
};
// `directory` "" = models/NAME or datasets/NAME. InvalidArgument for an unknown name (with what was
// meant) and for a repository's name that is none.
Result<Wanted> MakeWanted(const std::string& name, const std::string& directory);

struct Settings {
  Hub hub;
  // Put in front of host/path of everything that is not on the hub: a site's mirror; "" = none.
  std::string mirror;
};

// Every file to download, with what is known of it.
struct Plan {
  Wanted wanted;
  std::string commit, licence;
  std::vector<Item> items;
  int64_t bytes() const;  // of the items whose size is known
  bool sizes_known() const;
};
Result<Plan> MakePlan(Transport& transport, const Settings& settings, const Wanted& wanted);

// The manifest of the directory when it holds exactly this and all files are there. When some are
// gone, the commit that they were of is noted in `wanted`, so that they come from there again.
// AlreadyExists when it holds something else.
Result<std::optional<Manifest>> AlreadyThere(Wanted* wanted);

// Downloads, converts, and writes the manifest last: a directory without one is not whole. Files
// that are right already are not fetched again. One process at a time in a directory.
Result<Manifest> Carry(Transport& transport, const Plan& plan, const std::string& now);

// The lines of a sweep file that name what was fetched.
std::string SweepLines(const Wanted& wanted);
// The same of any model's directory, and of a data set: its settings, and (split, file) pairs.
std::string ModelLines(const std::string& directory);
std::string DataLines(const std::vector<std::string>& settings,
                      const std::vector<std::pair<std::string, std::string>>& splits);

}  // namespace eida::fetch
