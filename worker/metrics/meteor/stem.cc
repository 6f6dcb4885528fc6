#include <libstemmer.h>

#include <memory>

#include "worker/metrics/meteor/meteor.h"

namespace eida::metrics {

std::string Stem(const std::string& word) {
  struct Delete {
    void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
  };
  // A stemmer has a buffer of its own: one a thread.
  thread_local const std::unique_ptr<sb_stemmer, Delete> stemmer(
      sb_stemmer_new("english", "UTF_8"));
  const sb_symbol* stem =
      sb_stemmer_stem(stemmer.get(), reinterpret_cast<const sb_symbol*>(word.data()),
                      static_cast<int>(word.size()));
  if (stem == nullptr) return word;
  return {reinterpret_cast<const char*>(stem),
          static_cast<size_t>(sb_stemmer_length(stemmer.get()))};
}

}  // namespace eida::metrics
