#include "common/wire/json.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "google/protobuf/descriptor.h"

namespace eida::wire {
namespace {

namespace pb = google::protobuf;

const std::set<std::string> kDurations = {"wait_ms", "lease_ttl_ms"};
const std::set<std::string> kEmbedded = {"spec",    "resolved", "settings",
                                         "summary", "metrics",  "meta"};

bool EndsWithMs(const std::string& name) {
  return name.size() > 3 && name.compare(name.size() - 3, 3, "_ms") == 0;
}

// JOB_STATE_READY of JobState -> "ready".
std::string EnumText(const pb::EnumValueDescriptor& value) {
  if (value.number() == 0) return "";
  const std::string zero = value.type()->FindValueByNumber(0)->name();
  const size_t prefix = zero.size() - std::string("UNSPECIFIED").size();
  std::string text = value.name().substr(prefix);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

Json Text(const std::string& name, const std::string& text) {
  if (kEmbedded.count(name) == 0) return text;
  if (text.empty()) return nullptr;
  Json parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? Json(text) : parsed;
}

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json Whole(const std::string& name, int64_t value) {
  if (!EndsWithMs(name)) return value;
  if (kDurations.count(name) > 0) return static_cast<double>(value) / 1000;
  return value == 0 ? Json(nullptr) : Json(FormatTime(WallTime{value}));
}

std::string KeyOf(const std::string& name) {
  if (!EndsWithMs(name)) return name;
  const std::string stem = name.substr(0, name.size() - 3);
  return kDurations.count(name) > 0 ? stem + "_seconds" : stem;
}

Json Element(const pb::Message& m, const pb::FieldDescriptor& f, int i) {
  const pb::Reflection& r = *m.GetReflection();
  std::string scratch;
  switch (f.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return Text(f.name(), r.GetRepeatedStringReference(m, &f, i, &scratch));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return Whole(f.name(), r.GetRepeatedInt64(m, &f, i));
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return r.GetRepeatedInt32(m, &f, i);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return r.GetRepeatedBool(m, &f, i);
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(r.GetRepeatedDouble(m, &f, i));
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(*r.GetRepeatedEnum(m, &f, i));
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(r.GetRepeatedMessage(m, &f, i));
    default:
      return nullptr;  // a type that our protos do not use; json_test sees it
  }
}

Json Single(const pb::Message& m, const pb::FieldDescriptor& f) {
  const pb::Reflection& r = *m.GetReflection();
  std::string scratch;
  switch (f.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return Text(f.name(), r.GetStringReference(m, &f, &scratch));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return Whole(f.name(), r.GetInt64(m, &f));
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return r.GetInt32(m, &f);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return r.GetBool(m, &f);
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(r.GetDouble(m, &f));
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(*r.GetEnum(m, &f));
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return r.HasField(m, &f) ? ToJson(r.GetMessage(m, &f)) : Json(nullptr);
    default:
      return nullptr;  // as above
  }
}

Json MapToJson(const pb::Message& m, const pb::FieldDescriptor& f) {
  Json out = Json::object();
  const pb::Reflection& r = *m.GetReflection();
  for (int i = 0; i < r.FieldSize(m, &f); ++i) {
    const pb::Message& entry = r.GetRepeatedMessage(m, &f, i);
    const pb::Descriptor& type = *entry.GetDescriptor();
    out[entry.GetReflection()->GetString(entry, type.FindFieldByNumber(1))] =
        Single(entry, *type.FindFieldByNumber(2));
  }
  return out;
}

}  // namespace

Json ToJson(const pb::Message& message) {
  Json out = Json::object();
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& f = *type.field(i);
    Json& value = out[KeyOf(f.name())];
    if (f.is_map()) {
      value = MapToJson(message, f);
    } else if (f.is_repeated()) {
      value = Json::array();
      const int n = message.GetReflection()->FieldSize(message, &f);
      for (int k = 0; k < n; ++k) value.push_back(Element(message, f, k));
    } else {
      value = Single(message, f);
    }
  }
  return out;
}

}  // namespace eida::wire
