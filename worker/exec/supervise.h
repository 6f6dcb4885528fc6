// The small process between a worker and a runner. It exists so that nothing survives a worker that
// was killed with SIGKILL: as a child subreaper it is the parent of everything the runner ever
// started, sessions of their own included.
#pragma once

namespace eida::exec {

// Body of `PROGRAM supervise PARENT_PID RUNNER [ARGS..]`; argv[1] is "supervise". Starts RUNNER
// with the descriptors 0-3 that it was given and leaves with the runner's exit code or signal.
// Single-threaded; call it first thing in main.
//   runner ends, or the parent dies -> every descendant gets SIGKILL, then it leaves
//   SIGTERM -> passed on to the runner;  SIGUSR2 -> every descendant gets SIGKILL
// Exit 127 when RUNNER cannot be started (the reason is on stderr).
int SuperviseMain(int argc, char** argv);

}  // namespace eida::exec
