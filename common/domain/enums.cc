#include "common/domain/enums.h"

namespace eida {
namespace {

// Selects the entries of one enum out of enums.def: an entry of another enum has another type and
// is passed over.
template <class E, class F>
void ForEach(F&& visit) {
  const auto take = [&visit](auto value, int number, const char* text) {
    if constexpr (std::is_same_v<decltype(value), E>) visit(value, number, text);
  };
#define EIDA_ENUM_VALUE(Enum, name, number, text)          \
  static_assert(static_cast<int>(Enum::name) == (number)); \
  take(Enum::name, number, text);
#include "common/domain/enums.def"
#undef EIDA_ENUM_VALUE
}

template <class E>
const char* TextOf(E value) {
  const char* result = "unknown";
  ForEach<E>([&](E candidate, int, const char* text) {
    if (candidate == value) result = text;
  });
  return result;
}

}  // namespace

template <class E>
Result<E> ParseEnum(const std::string& text) {
  std::string choices;
  const E* found = nullptr;
  static thread_local E storage;
  ForEach<E>([&](E candidate, int, const char* name) {
    if (text == name) storage = candidate, found = &storage;
    choices += (choices.empty() ? "" : ", ") + std::string(name);
  });
  if (found != nullptr) return *found;
  return InvalidArgument("\"" + text + "\" is none of: " + choices);
}

template <class E>
const std::vector<E>& AllValues() {
  static const std::vector<E> values = [] {
    std::vector<E> list;
    ForEach<E>([&](E candidate, int, const char*) { list.push_back(candidate); });
    return list;
  }();
  return values;
}

#define EIDA_INSTANTIATE(E)                               \
  const char* ToString(E value) { return TextOf(value); } \
  template Result<E> ParseEnum<E>(const std::string&);    \
  template const std::vector<E>& AllValues<E>();
EIDA_INSTANTIATE(JobKind)
EIDA_INSTANTIATE(JobState)
EIDA_INSTANTIATE(SweepState)
EIDA_INSTANTIATE(ErrorClass)
EIDA_INSTANTIATE(WorkerState)
#undef EIDA_INSTANTIATE

}  // namespace eida
