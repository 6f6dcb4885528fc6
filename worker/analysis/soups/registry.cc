#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/analysis/soups/soups.h"

namespace eida::analysis {

#define EIDA_SOUP(id, reads, path_steps, parameters, heading, help) \
  Result<Dish> Soup_##id(Pot& pot);
#include "common/catalog/soups.def"
#undef EIDA_SOUP

namespace {

struct Entry {
  const char* id;
  SoupRecipe recipe;
};
constexpr Entry kSoups[] = {
#define EIDA_SOUP(id, reads, path_steps, parameters, heading, help) {#id, Soup_##id},
#include "common/catalog/soups.def"
#undef EIDA_SOUP
};

}  // namespace

Result<SoupRecipe> FindSoup(const std::string& type) {
  for (const Entry& entry : kSoups) {
    if (type == entry.id) return entry.recipe;
  }
  return engine::ConfigError("type is \"" + type + "\", this version has: " +
                             Join(catalog::Ids(catalog::SoupMethods()), ", "));
}

}  // namespace eida::analysis
