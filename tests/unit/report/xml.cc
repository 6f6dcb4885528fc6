#include "tests/unit/report/xml.h"

#include <set>

namespace eida::report {
namespace {

bool KnownEntity(const std::string& text, size_t at) {
  for (const char* known : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}) {
    if (text.compare(at, std::string(known).size(), known) == 0) return true;
  }
  return false;
}

class Reader {
 public:
  explicit Reader(const std::string& page) : page_(page) {}

  Markup Read() {
    size_t at = 0;
    if (page_.rfind("<!DOCTYPE html>\n", 0) == 0) at = 16;
    while (at < page_.size() && markup_.error.empty()) {
      if (page_[at] == '<') {
        at = Tag(at);
      } else {
        Text(at);
        ++at;
      }
    }
    if (markup_.error.empty() && !open_.empty()) markup_.error = "not closed: " + open_.back();
    return markup_;
  }

 private:
  void Fail(size_t at, const std::string& what) {
    if (markup_.error.empty()) markup_.error = what + " at: " + page_.substr(at, 60);
  }

  void Text(size_t at) {
    const bool css = !open_.empty() && open_.back() == "style";
    if (page_[at] == '&' && !KnownEntity(page_, at)) Fail(at, "a bare &");
    if (page_[at] == '>' && !css) Fail(at, "a bare >");
    if (!css) markup_.text += page_[at];
  }

  size_t Tag(size_t at) {
    size_t end = at + 1;
    for (char quote = 0; end < page_.size() && (quote != 0 || page_[end] != '>'); ++end) {
      if (page_[end] == '<') Fail(at, "a bare <");
      if (page_[end] == '"') quote = quote == 0 ? '"' : 0;
    }
    if (end == page_.size()) Fail(at, "a tag without end");
    std::string tag = page_.substr(at + 1, end - at - 1);
    if (tag.rfind("/", 0) == 0) {
      if (open_.empty() || open_.back() != tag.substr(1)) Fail(at, "closes what is not open");
      if (!open_.empty()) open_.pop_back();
      return end + 1;
    }
    const bool closed = !tag.empty() && tag.back() == '/';
    if (closed) tag.pop_back();
    const std::string name = tag.substr(0, tag.find_first_of(" \n"));
    Attributes(at, tag.substr(name.size()));
    if (!closed) open_.push_back(name);
    return end + 1;
  }

  void Attributes(size_t at, const std::string& text) {
    std::set<std::string> names;
    for (size_t i = 0; i < text.size();) {
      if (text[i] == ' ' || text[i] == '\n') {
        ++i;
        continue;
      }
      const size_t equals = text.find("=\"", i);
      const size_t end = equals == std::string::npos ? equals : text.find('"', equals + 2);
      if (end == std::string::npos) return Fail(at, "an attribute that is not quoted");
      const std::string name = text.substr(i, equals - i);
      if (!names.insert(name).second) Fail(at, "twice the attribute " + name);
      Attribute(at, name, text.substr(equals + 2, end - equals - 2));
      i = end + 1;
    }
  }

  void Attribute(size_t at, const std::string& name, const std::string& value) {
    for (size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '&' && !KnownEntity(value, i)) Fail(at, "a bare & in " + name);
    }
    if (name == "id") markup_.ids.push_back(value);
    const bool link = name == "href" || name == "xlink:href";
    if (link && value.rfind("#", 0) == 0) {
      markup_.references.push_back(value.substr(1));
    } else if (link || name == "src") {
      markup_.outside.push_back(value);
    }
    const size_t url = value.find("url(#");
    if (url != std::string::npos)
      markup_.references.push_back(value.substr(url + 5, value.find(')', url) - url - 5));
  }

  const std::string& page_;
  std::vector<std::string> open_;
  Markup markup_;
};

}  // namespace

Markup ReadMarkup(const std::string& page) { return Reader(page).Read(); }

}  // namespace eida::report
