"""The four binaries as a user starts them, in a world of their own: home, caches and announcements below one directory."""

import contextlib
import json
import os
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BIN = os.path.abspath(os.environ.get("EIDA_BIN", os.path.join(ROOT, "build", "dev", "bin")))
MARK = "EIDA_E2E"  # every process of a world has this in its environment


class Result:
    """How one program ended: exit code, stdout, stderr, seconds."""

    def __init__(self, arguments, code, out, err, seconds):
        self.arguments, self.code, self.out, self.err, self.seconds = arguments, code, out, err, seconds

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"{' '.join(self.arguments)}: exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Process:
    """One process of a world, by /proc."""

    def __init__(self, pid, arguments):
        self.pid, self.arguments = pid, arguments
        self.role = os.path.basename(arguments[0])
        if self.role == "exe" or arguments[1:2] == ["supervise"]:
            self.role = "supervisor"
        if self.role == "eida-runner" and not arguments[-1].endswith("job.json"):
            self.role = "runner check"  # the worker asks for its version first

    def __repr__(self):
        return f"{self.pid} {' '.join(self.arguments)}"


class World:
    """A directory, and what may be started in it."""

    def __init__(self, directory):
        self.directory, self.programs = os.path.realpath(directory), BIN
        self.home = os.path.join(self.directory, "home")
        self.project = os.path.join(self.directory, "project")
        for path in (self.home, self.project):
            os.makedirs(path, exist_ok=True)
        self.started = []
        self.variables = {}  # of its programs' environment, besides

    def environment(self):
        env = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        env.update({"HOME": self.home, "LANG": "C.UTF-8", "TERM": "xterm-256color", MARK: self.directory})
        env.update(self.variables)
        return env

    def popen(self, program, *arguments, log=None, **options):
        """Starts a program in a group of its own, as a terminal or a supervisor would."""
        output = open(log, "ab") if log else subprocess.PIPE
        with output if log else contextlib.nullcontext():
            process = subprocess.Popen(
                [os.path.join(self.programs, program), *arguments], env=self.environment(), cwd=options.pop("cwd", self.project),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output if log else subprocess.PIPE,
                start_new_session=True, text=not log, **options)
        self.started.append(process)
        return process

    def run(self, program, *arguments, timeout=300, **options):
        before = time.monotonic()
        process = self.popen(program, *arguments, **options)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{program} {' '.join(arguments)}: still running after {timeout} s\n{out}\n{err}")
        return Result([program, *arguments], process.returncode, out, err, time.monotonic() - before)

    def eidactl(self, *arguments, **options):
        return self.run("eidactl", *arguments, **options)

    def processes(self):
        """What is alive of this world, whoever started it."""
        mark, found = f"{MARK}={self.directory}".encode(), []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if mark not in file.read().split(b"\0"):
                        continue
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    arguments = file.read().decode(errors="replace").split("\0")[:-1]
                if arguments:
                    found.append(Process(int(pid), arguments))
        return found

    def with_role(self, role):
        return [process for process in self.processes() if process.role == role]

    def settle(self, timeout):
        """Waits until nothing of this world is alive; what is alive at the end of the time."""
        deadline = time.monotonic() + timeout
        while (left := self.processes()) and time.monotonic() < deadline:
            for process in self.started:
                process.poll()
            time.sleep(0.05)
        return left

    def end(self):
        """Kills what is left, each by its number."""
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        for process in self.started:
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()


class Daemon:
    """A program that serves until it is stopped, and may be killed and started again."""

    def __init__(self, world, program, arguments, name):
        self.world, self.program, self.arguments = world, program, arguments
        self.log = os.path.join(world.directory, name + ".log")
        self.ready_file = os.path.join(world.directory, name + ".ready")
        self.process = None

    def start(self, timeout=30):
        """Returns what it wrote into its ready file."""
        if os.path.exists(self.ready_file):
            os.unlink(self.ready_file)
        self.process = self.world.popen(self.program, *self.arguments, "--ready-file", self.ready_file, log=self.log)
        deadline = time.monotonic() + timeout
        while not os.path.exists(self.ready_file):
            if self.process.poll() is not None or time.monotonic() > deadline:
                with open(self.log, encoding="utf-8") as file:
                    raise AssertionError(f"{self.program} did not come up:\n{file.read()}")
            time.sleep(0.01)
        with open(self.ready_file, encoding="utf-8") as file:
            return file.read()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, timeout=60):
        """SIGTERM, and the exit code."""
        if self.alive():
            self.process.terminate()
        return self.process.wait(timeout)


class Coordinator(Daemon):
    def __init__(self, world, *arguments, listen="127.0.0.1:0", name="coordinator"):
        self.data = os.path.join(world.directory, name + "-data")
        super().__init__(world, "eida-coordinator",
                         ["serve", "--data", self.data, "--listen", listen, "--http", "127.0.0.1:0", *arguments], name)
        self.address = self.http = self.token_file = None

    def start(self, timeout=30):
        ready = json.loads(super().start(timeout))
        self.address, self.http, self.token_file = ready["address"], ready["http"], ready["token_file"]
        # A restart is found where the first start was.
        self.arguments[self.arguments.index("--listen") + 1] = self.address
        return ready

    def eidactl(self, *arguments, **options):
        return self.world.eidactl("--server", self.address, *arguments, **options)


class Worker(Daemon):
    def __init__(self, world, address, *arguments, name="worker"):
        super().__init__(world, "eida-worker",
                         ["run", "--coordinator", address, "--cache", os.path.join(world.directory, name + "-cache"),
                          *arguments], name)
