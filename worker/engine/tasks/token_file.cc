#include "worker/engine/tasks/token_file.h"

#include <cstring>
#include <utility>

#include "common/base/digest.h"
#include "common/inputs/splits.h"

namespace eida::engine {
namespace {

constexpr char kMagic[] = {'E', 'I', 'D', 'A', 'T', 'O', 'K', 'S'};
constexpr size_t kHex = 64;

// Where an array lies. Wide elements come first, so each array is aligned.
enum Part {
  kItems,  // int64
  kLabels,
  kStarts,
  kDecoderStarts,
  kIds,  // int32
  kDecoderIds,
  kTargets,
  kTypes,  // uint8
  kSpecial,
  kDecoderTypes,
  kDecoderSpecial,
  kParts
};

// Numbers are the machine's own (little-endian: a cache does not travel).
struct Header {
  char magic[sizeof kMagic];
  uint64_t version;
  char key[kHex];
  uint64_t size;            // of the file
  char checksum[kHex];      // SHA-256 of all that follows
  uint64_t counts[kParts];  // elements of each array
  char item_hash[16];
};
static_assert(sizeof(Header) % sizeof(int64_t) == 0);

constexpr size_t kChecked = offsetof(Header, counts);  // the first byte that the checksum is about

std::string ChecksumOf(const char* image, size_t size) {
  Sha256 hash;
  hash.Update(image + kChecked, size - kChecked);
  return hash.FinishHex();
}

template <class T>
void AppendAs(std::string& to, const auto& values) {
  const size_t begin = to.size();
  to.resize(begin + values.size() * sizeof(T));
  T* out = reinterpret_cast<T*>(to.data() + begin);
  for (const auto value : values) *out++ = static_cast<T>(value);
}

// Without key and checksum: whole for this process, not yet a file.
std::string Unsealed(const EncodedRows& rows) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kTokenFileVersion;
  const size_t counts[kParts] = {
      rows.items.size(),          rows.labels.size(),         rows.tokens.starts.size(),
      rows.decoder.starts.size(), rows.tokens.ids.size(),     rows.decoder.ids.size(),
      rows.targets.size(),        rows.tokens.types.size(),   rows.tokens.special.size(),
      rows.decoder.types.size(),  rows.decoder.special.size()};
  std::copy(std::begin(counts), std::end(counts), header.counts);
  inputs::ItemHash(rows.items).copy(header.item_hash, sizeof header.item_hash);
  size_t size = sizeof header;
  for (int part = 0; part < kParts; ++part)
    size += counts[part] * (part < kIds ? sizeof(int64_t) : part < kTypes ? sizeof(int32_t) : 1);
  header.size = size;
  std::string image;
  image.reserve(size);
  image.assign(reinterpret_cast<const char*>(&header), sizeof header);
  for (const auto* values : {&rows.items, &rows.labels, &rows.tokens.starts, &rows.decoder.starts})
    AppendAs<int64_t>(image, *values);
  for (const auto* values : {&rows.tokens.ids, &rows.decoder.ids, &rows.targets})
    AppendAs<int32_t>(image, *values);
  for (const TokenIds* tokens : {&rows.tokens, &rows.decoder}) {
    AppendAs<uint8_t>(image, tokens->types);
    AppendAs<uint8_t>(image, tokens->special);
  }
  return image;
}

// REQUIRES: the image is whole.
Examples View(std::shared_ptr<const char> image) {
  Header header;
  std::memcpy(&header, image.get(), sizeof header);
  const char* at = image.get() + sizeof header;
  const auto take = [&]<class T>(std::span<const T>& span, Part part) {
    span = {reinterpret_cast<const T*>(at), header.counts[part]};
    at += span.size_bytes();
  };
  Examples examples;
  take(examples.items, kItems);
  take(examples.labels, kLabels);
  take(examples.tokens.starts, kStarts);
  take(examples.decoder.starts, kDecoderStarts);
  take(examples.tokens.ids, kIds);
  take(examples.decoder.ids, kDecoderIds);
  take(examples.targets, kTargets);
  take(examples.tokens.types, kTypes);
  take(examples.tokens.special, kSpecial);
  take(examples.decoder.types, kDecoderTypes);
  take(examples.decoder.special, kDecoderSpecial);
  examples.item_hash.assign(header.item_hash, sizeof header.item_hash);
  examples.memory = std::move(image);
  return examples;
}

}  // namespace

Examples::Examples(const EncodedRows& rows) {
  *this = ViewTokenImage(std::make_shared<const std::string>(Unsealed(rows)));
}

Examples ViewTokenImage(std::shared_ptr<const std::string> image) {
  const char* begin = image->data();
  return View({std::move(image), begin});
}

std::string TokenFileImage(const EncodedRows& rows, const std::string& key) {
  std::string image = Unsealed(rows);
  key.copy(image.data() + offsetof(Header, key), kHex);
  ChecksumOf(image.data(), image.size()).copy(image.data() + offsetof(Header, checksum), kHex);
  return image;
}

Result<Examples> ReadTokenFile(std::shared_ptr<const char> image, size_t size,
                               const std::string& key) {
  Header header;
  if (size < sizeof header)
    return DataLoss("it has " + std::to_string(size) + " bytes, which hold no header");
  std::memcpy(&header, image.get(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0)
    return DataLoss("it does not begin as such a file does");
  if (header.version != kTokenFileVersion)
    return DataLoss("it is of version " + std::to_string(header.version));
  if (header.size != size)
    return DataLoss("it has " + std::to_string(size) + " of " + std::to_string(header.size) +
                    " bytes");
  if (key.compare(0, std::string::npos, header.key, kHex) != 0)
    return DataLoss("it is of another key");
  if (ChecksumOf(image.get(), size).compare(0, std::string::npos, header.checksum, kHex) != 0)
    return DataLoss("its checksum does not fit its content");
  return View(std::move(image));
}

}  // namespace eida::engine
