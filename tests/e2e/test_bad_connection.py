"""When a coordinator cannot be used the exit code says why, the message says what to do, and nothing is changed."""

import os
import socket
import unittest

from case import Case, tree
from programs import Coordinator, Worker


def free_port():
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class BadConnection(Case):
    def coordinator(self, *arguments):
        coordinator = Coordinator(self.world, *arguments)
        coordinator.start()
        self.addCleanup(coordinator.stop)
        return coordinator

    def token(self, content, mode=0o600):
        path = os.path.join(self.world.directory, "some-token")
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def assertUnchanged(self, before):
        self.assertEqual(tree(self.world.project), before)

    def test_a_wrong_token_is_refused_and_nothing_is_submitted(self):
        coordinator, before = self.coordinator(), tree(self.world.project)
        token = self.token("0" * 64)
        for verb in (("submit", "sweep.yaml"), ("get", "sweeps"), ("cancel", "last"), ("status",)):
            self.assertEnds(coordinator.eidactl("--token-file", token, *verb), 4, "error: ", "token")
        self.assertEqual(coordinator.eidactl("get", "sweeps", "-o", "json").json()["items"], [])
        self.assertUnchanged(before)

    def test_a_worker_with_a_wrong_token_leaves_and_is_not_listed(self):
        coordinator = self.coordinator()
        result = self.world.run("eida-worker", "run", "--coordinator", coordinator.address, "--token-file",
                                self.token("0" * 64), "--cache", os.path.join(self.world.directory, "cache"))
        self.assertEnds(result, 4, "eida-worker: error: ", "token")
        self.assertEqual(coordinator.eidactl("get", "workers", "-o", "json").json()["items"], [])

    def test_a_missing_token_file(self):
        coordinator = self.coordinator()
        self.assertEnds(coordinator.eidactl("--token-file", "nowhere/token", "submit", "sweep.yaml"), 4,
                        "error: token file nowhere/token: No such file or directory")
        self.assertEqual(coordinator.eidactl("get", "sweeps", "-o", "json").json()["items"], [])

    def test_a_token_file_that_others_can_read(self):
        coordinator = self.coordinator()
        token = self.token("0" * 64, 0o644)
        self.assertEnds(coordinator.eidactl("--token-file", token, "status"), 4,
                        f"token file {token}: other users can read it; run `chmod 600 {token}`")

    def test_a_token_file_with_too_little_in_it(self):
        token = self.token("secret")
        self.assertEnds(self.coordinator().eidactl("--token-file", token, "status"), 4, "holds 6 characters")

    def test_no_coordinator_at_the_address(self):
        address, before = f"127.0.0.1:{free_port()}", tree(self.world.project)
        for options in ((), ("--token-file", self.token("0" * 64))):
            for verb in (("submit", "sweep.yaml"), ("get", "sweeps"), ("watch",)):
                result = self.world.eidactl("--server", address, *options, *verb)
                self.assertEnds(result, 6, f"error: coordinator {address}: the coordinator does not answer",
                                "is `eida-coordinator serve` running there?")
        self.assertUnchanged(before)

    def test_no_coordinator_is_one_json_object_too(self):
        result = self.world.eidactl("--server", f"127.0.0.1:{free_port()}", "get", "sweeps", "-o", "json")
        self.assertEqual(result.code, 6)
        self.assertEqual((result.json()["kind"], result.json()["error"]["exit_code"]), ("Error", 6))

    def test_a_worker_that_is_told_not_to_wait_leaves_when_no_coordinator_is_there(self):
        result = self.world.run("eida-worker", "run", "--coordinator", f"127.0.0.1:{free_port()}", "--no-wait", "--cache",
                                os.path.join(self.world.directory, "cache"))
        self.assertEnds(result, 6, "the coordinator does not answer")

    def test_a_coordinator_without_a_token_is_found_without_one(self):
        coordinator = self.coordinator("--insecure")
        self.assertEnds(coordinator.eidactl("get", "sweeps", "-o", "json"), 0, '"items": []')

    def test_a_token_that_nobody_announced(self):
        coordinator = self.coordinator()
        self.world.home = os.path.join(self.world.directory, "another-home")
        self.assertEnds(coordinator.eidactl("get", "sweeps"), 4,
                        f"no token for the coordinator at {coordinator.address}", "--token-file")

    def test_beyond_loopback_the_token_travels_only_encrypted(self):
        self.assertEnds(self.world.eidactl("--server", "192.0.2.1:7070", "--token-file", self.token("0" * 64), "status"), 5,
                        "beyond loopback the token may only travel encrypted", "--cacert")


class BadStart(Case):
    def serve(self, data, *arguments):
        return self.world.run("eida-coordinator", "serve", "--data", data, *arguments)

    def test_a_port_in_use(self):
        data = self.path("data")
        with socket.create_server(("127.0.0.1", 0)) as busy:
            address = f"127.0.0.1:{busy.getsockname()[1]}"
            for flag, other in (("--listen", ()), ("--http", ("--listen", "127.0.0.1:0"))):
                self.assertEnds(self.serve(data, *other, flag, address), 1, f"error: {flag} {address}: Address already in use",
                                "stop what listens there, or choose another address")
        self.assertFalse(os.path.exists(data))

    def test_a_data_directory_in_use(self):
        coordinator = Coordinator(self.world)
        coordinator.start()
        before = sorted(os.listdir(coordinator.data))
        self.assertEnds(self.serve(coordinator.data, "--listen", "127.0.0.1:0"), 1, coordinator.data,
                        "stop that one, or choose another directory with --data")
        self.assertEqual(sorted(os.listdir(coordinator.data)), before)
        self.assertEqual(coordinator.stop(), 0)

    def test_an_address_beyond_loopback_without_tls(self):
        data = self.path("data")
        self.assertEnds(self.serve(data, "--listen", "0.0.0.0:0"), 1, "beyond loopback the token must travel encrypted")
        self.assertEnds(self.serve(data, "--listen", "0.0.0.0:0", "--insecure"), 1, "leave --insecure out")
        self.assertFalse(os.path.exists(data))

    def test_a_worker_folder_in_use(self):
        coordinator = Coordinator(self.world)
        coordinator.start()
        self.addCleanup(coordinator.stop)
        worker = Worker(self.world, coordinator.address)
        worker.start()
        result = self.world.run("eida-worker", *worker.arguments)
        self.assertEnds(result, 5, "another eida-worker uses ", "--cache")
        self.assertEqual(worker.stop(), 0)


class UnknownSelector(Case):
    def test_there_is_no_project(self):
        before = tree(self.world.project)
        for verb in (("get", "sweeps"), ("watch",), ("submit", "sweep.yaml")):
            self.assertEnds(self.world.eidactl(*verb), 3, "there is no .eida here or above, and no --server was given",
                            "eidactl run sweep.yaml")
        self.assertEqual(tree(self.world.project), before)

    def test_names_that_nothing_has(self):
        coordinator = Coordinator(self.world)
        coordinator.start()
        self.addCleanup(coordinator.stop)
        self.assertEnds(coordinator.eidactl("get", "runs"), 3, "there is no sweep yet; start one with `eidactl run")
        self.assertEnds(coordinator.eidactl("submit", "sweep.yaml"), 0, "s1\n")
        for verb in (("get", "runs", "tinny"), ("wait", "tinny"), ("summary", "tinny")):
            self.assertEnds(coordinator.eidactl(*verb), 3, 'there is no sweep "tinny"; did you mean "tiny"?',
                            "`eidactl get sweeps` lists them")
        for verb in (("describe", "ful/seed0"), ("logs", "ful/seed0"), ("cancel", "ful/seed0"), ("retry", "ful/seed0")):
            self.assertEnds(coordinator.eidactl(*verb), 3, 'sweep s1 has no run or job "ful/seed0"; did you mean "full/seed0"?')
        self.assertEnds(coordinator.eidactl("describe", "j999"), 3, "job j999: there is none; `eidactl get jobs`")
        self.assertEnds(coordinator.eidactl("worker", "drain", "w9"), 3, 'worker "w9" is not known')
        self.assertEnds(coordinator.eidactl("export", "run", "ful/seed0", "-O", "out"), 3, 'there is no run "ful/seed0"',
                        "full/seed0, ")
        self.assertEnds(coordinator.eidactl("heatmap", "--metric", "cka"), 3, 'job matrix/cka has no "matrix": the job is blocked')
        self.assertEnds(coordinator.eidactl("soup"), 3, "the sweep has no finished soup")
        self.assertEnds(coordinator.eidactl("get", "rums"), 2, 'did you mean "runs"?')
        self.assertFalse(os.path.exists(self.path("out")))
        (sweep,) = coordinator.eidactl("get", "sweeps", "-o", "json").json()["items"]
        self.assertEqual(sweep["state"], "running")


if __name__ == "__main__":
    unittest.main()
