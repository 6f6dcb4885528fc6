"""What `eidactl run` started may die, and so may it: the study goes on, or the run ends and says why. It never waits for nothing."""

import os
import shutil
import signal
import time
import unittest

from case import Case

SHORT = ("--set", "analyses=[]", "--set", "soups=[]")


class Embedded(Case):
    def wait_for(self, role):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if found := self.world.with_role(role):
                return found[0].pid
            time.sleep(0.02)
        self.fail(f"no {role} was started")

    def events(self):
        return self.world.eidactl("get", "events", "-o", "json").json()["items"]

    def test_a_killed_worker_is_started_again(self):
        process = self.world.popen("eidactl", "run", "sweep.yaml", *SHORT)
        self.wait_for("eida-runner")
        os.kill(self.wait_for("eida-worker"), signal.SIGKILL)
        out, err = process.communicate(timeout=150)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("VARIANT", out)
        self.assertTrue(any("came back as a new process" in event["message"] for event in self.events()))

    def test_a_killed_run_goes_on_at_once_when_it_is_run_again(self):
        process = self.world.popen("eidactl", "run", "sweep.yaml", *SHORT)
        self.wait_for("eida-runner")
        process.kill()
        process.communicate()
        again = self.world.eidactl("run", "sweep.yaml", *SHORT)
        self.assertEnds(again, 0, "VARIANT")
        self.assertIn("goes on", again.err)

    def test_a_killed_run_takes_everything_with_it(self):
        process = self.world.popen("eidactl", "run", "sweep.yaml", *SHORT)
        self.wait_for("eida-runner")
        process.kill()
        process.communicate()
        self.assertEqual(self.world.settle(5), [])

    def test_a_run_outlives_the_one_whose_coordinator_it_joined(self):
        arguments = ("run", "sweep.yaml", *SHORT, "--set", "train.epochs=30")
        first = self.world.popen("eidactl", *arguments)
        self.wait_for("eida-runner")
        second = self.world.popen("eidactl", *arguments)
        self.assertIn("goes on", second.stderr.readline())
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
        out, err = second.communicate(timeout=150)
        self.assertEqual((first.returncode, second.returncode), (130, 0), err)
        self.assertIn("VARIANT", out)

    def test_a_worker_that_cannot_work_ends_the_run(self):
        programs = os.path.join(self.world.directory, "programs")
        os.mkdir(programs)
        for name in ("eidactl", "eida-coordinator", "eida-worker"):
            shutil.copy(os.path.join(self.world.programs, name), programs)
        self.world.programs = programs
        result = self.world.eidactl("run", "sweep.yaml", timeout=60)
        self.assertEnds(result, 5, "error: the embedded worker does not stay (exit 3)", "there is no runner at ", "worker.log")
        self.assertEqual(self.world.processes(), [])


if __name__ == "__main__":
    unittest.main()
