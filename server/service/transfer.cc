#include "server/service/transfer.h"

#include "common/base/digest.h"
#include "common/rpc/channel.h"

namespace eida::service {
namespace {

Result<Digest> Checked(const std::string& text) {
  if (IsDigest(text)) return Digest(text);
  return InvalidArgument("digest \"" + text + "\": a SHA-256 digest has 64 lower-case hex digits");
}

}  // namespace

Status Upload::Take(const v1::PutChunk& chunk) {
  if (writer_ == nullptr) {
    EIDA_ASSIGN_OR_RETURN(const Digest digest, Checked(chunk.digest()));
    if (chunk.size() < 0)
      return InvalidArgument("Put of " + digest.str() + ": size " + std::to_string(chunk.size()) +
                             " is negative");
    size_ = chunk.size();
    EIDA_ASSIGN_OR_RETURN(writer_, content_.Write(digest, size_));
  }
  taken_ += static_cast<int64_t>(chunk.data().size());
  if (taken_ > size_) {
    return InvalidArgument("Put: " + std::to_string(taken_) + " bytes came, " +
                           std::to_string(size_) + " were announced");
  }
  return chunk.data().empty() ? OkStatus() : writer_->Append(chunk.data());
}

Result<v1::PutReply> Upload::Finish() {
  if (writer_ == nullptr)
    return InvalidArgument("Put: no chunk came; the first one carries digest and size");
  if (taken_ != size_) {
    return InvalidArgument("Put: " + std::to_string(taken_) + " bytes came, " +
                           std::to_string(size_) + " were announced");
  }
  EIDA_ASSIGN_OR_RETURN(const bool fresh, writer_->Commit());
  v1::PutReply reply;
  reply.set_existed(!fresh);
  return reply;
}

Result<Download> Download::Open(Content& content, const v1::GetRequest& request) {
  EIDA_ASSIGN_OR_RETURN(const Digest digest, Checked(request.digest()));
  EIDA_ASSIGN_OR_RETURN(std::unique_ptr<ContentReader> reader, content.Read(digest));
  return Download(std::move(reader));
}

Result<bool> Download::Next(v1::GetChunk* chunk) {
  chunk->Clear();
  EIDA_ASSIGN_OR_RETURN(std::string data, reader_->Next(rpc::kChunkBytes));
  const bool more = first_ || !data.empty();
  if (first_) chunk->set_size(reader_->size());
  first_ = false;
  chunk->set_data(std::move(data));
  return more;
}

Result<v1::HasReply> Has(Content& content, const v1::HasRequest& request) {
  v1::HasReply reply;
  for (const std::string& text : request.digests()) {
    EIDA_ASSIGN_OR_RETURN(const Digest digest, Checked(text));
    EIDA_ASSIGN_OR_RETURN(const bool there, content.Has(digest));
    reply.add_present(there);
  }
  return reply;
}

}  // namespace eida::service
