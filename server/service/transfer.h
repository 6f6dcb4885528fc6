// Put and Get, chunk by chunk, without the transport.
#pragma once

#include <memory>
#include <string>

#include "eida/v1/artifact.pb.h"
#include "server/service/ports.h"

namespace eida::service {

// One upload. Not thread-safe.
class Upload {
 public:
  explicit Upload(Content& content) : content_(content) {}
  // The first chunk must carry digest and size; InvalidArgument otherwise, and when more comes than
  // was announced.
  Status Take(const v1::PutChunk& chunk);
  Result<v1::PutReply> Finish();

 private:
  Content& content_;
  std::unique_ptr<ContentWriter> writer_;
  int64_t size_ = 0;
  int64_t taken_ = 0;
};

// One download. Not thread-safe.
class Download {
 public:
  static Result<Download> Open(Content& content, const v1::GetRequest& request);
  // False at the end. The first chunk carries the size, also when there is no content.
  Result<bool> Next(v1::GetChunk* chunk);

 private:
  explicit Download(std::unique_ptr<ContentReader> reader) : reader_(std::move(reader)) {}
  std::unique_ptr<ContentReader> reader_;
  bool first_ = true;
};

Result<v1::HasReply> Has(Content& content, const v1::HasRequest& request);

}  // namespace eida::service
