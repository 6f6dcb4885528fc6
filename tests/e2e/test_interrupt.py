"""Ctrl-C in the middle of `eidactl run`: exit code 130, nothing goes on running, and the same command ends the study."""

import os
import signal
import time
import unittest

from case import Case

# Two trainings, one a slot: full fine-tuning ends soon, LoRA takes a while. In between one has ended and one is in the middle.
ARGUMENTS = ("run", "sweep.yaml", "--set", "seeds=[0]", "--set", "variants[0].train.epochs=20", "--set", "variants[1].train.epochs=200",
             "--set", "analyses=[]")


class Interrupt(Case):
    def start(self):
        """A run in a session of its own, in the moment in which a training works and another has ended."""
        process = self.world.popen("eidactl", *ARGUMENTS)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.assertIsNone(process.poll(), "the run ended too early")
            if os.path.exists(self.path(".eida", "server.json")):
                trainings = [job for name, job in self.jobs().items() if name.startswith("train/")]
                in_the_middle = [job for job in trainings if job["state"] == "running" and (job["progress"] or {}).get("done", 0) > 8]
                if in_the_middle and "succeeded" in [job["state"] for job in trainings]:
                    return process
            time.sleep(0.05)
        self.fail("no training ended while another one was in the middle")

    def jobs(self):
        result = self.world.eidactl("get", "jobs", "-o", "json")
        return {job["name"]: job for job in result.json()["items"]} if result.code == 0 else {}

    def assertContinues(self, finished):
        """The same command ends the study and touches nothing that had succeeded."""
        self.assertTrue(finished)
        again = self.world.eidactl(*ARGUMENTS)
        self.assertEnds(again, 0, "soup greedy")
        self.assertIn("goes on", again.err)
        jobs = self.jobs()
        self.assertEqual({job["state"] for job in jobs.values()}, {"succeeded"})
        self.assertEqual({name: jobs[name] for name in finished}, finished)
        self.assertEqual(len(self.world.eidactl("get", "sweeps", "-o", "name").out.split()), 1)

    def finished(self):
        return {name: job for name, job in self.jobs().items() if job["state"] == "succeeded"}

    def test_an_interrupted_run_goes_on_where_it_was(self):
        process = self.start()
        os.killpg(process.pid, signal.SIGINT)  # the terminal tells the whole group
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertEqual(self.world.processes(), [])
        self.assertIn("stopping: trainings write a checkpoint (Ctrl-C again to stop at once)", err)
        self.assertIn("the same command goes on where it was: eidactl run sweep.yaml", err)
        self.assertEqual(out, "")
        self.assertFalse(os.path.exists(self.path("eida-results")))
        finished = self.finished()
        events = self.world.eidactl("get", "events", "-o", "json").json()["items"]
        self.assertTrue(any(event["type"] == "retry" and "preempted" in event["message"] for event in events))
        self.assertContinues(finished)
        resumed = [job["summary"]["resumed_from_step"] for name, job in self.jobs().items()
                   if name.startswith("train/") and job["attempt"] > 1]
        self.assertTrue(any(resumed), resumed)

    def test_a_second_interrupt_stops_at_once(self):
        process = self.start()
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        before = time.monotonic()
        process.communicate(timeout=10)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - before, 3)
        self.assertEqual(self.world.settle(5), [])
        self.assertContinues(self.finished())


if __name__ == "__main__":
    unittest.main()
