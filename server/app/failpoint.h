// Crashes on purpose, for tests of real processes: with EIDA_FAILPOINT=name:n in the environment,
// the n-th time that the process passes the point `name`, it ends at once with exit code 137, as
// kill -9 would end it. Without the variable a point costs one comparison.
//   before_commit  a batch has changes, nothing of it is durable
//   after_commit   the batch is durable, nothing of it has left the process
//   before_reply   an answer is about to leave
#pragma once

namespace eida::app {

void Failpoint(const char* name);

}  // namespace eida::app
