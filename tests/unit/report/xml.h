// A strict reader of markup, for tests: browsers repair what is broken, so a browser sees nothing.
#pragma once

#include <string>
#include <vector>

namespace eida::report {

struct Markup {
  std::string error;                         // "" = well-formed
  std::vector<std::string> ids, references;  // of id=, and of href="#.." and url(#..)
  std::vector<std::string> outside;          // addresses that something would be loaded from
  std::string text;                          // outside of tags, entities as they stand
};
// Every tag closed in order, attributes quoted and of different names, &, < and > only as markup.
Markup ReadMarkup(const std::string& page);

}  // namespace eida::report
