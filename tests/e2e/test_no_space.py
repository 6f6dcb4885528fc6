"""A full disk is said in words, leaves nothing half-written, and is survived."""

import os
import subprocess
import unittest

from case import Case, tree
from programs import Coordinator


class NoSpace(Case):
    def small_disk(self, size):
        """A file system of its own of so many bytes."""
        directory = os.path.join(self.world.directory, "disk")
        os.makedirs(directory)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", directory], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("a small file system can only be mounted by root")
        self.addCleanup(subprocess.run, ["umount", "-l", directory], check=True)
        return directory

    def test_a_store_without_room_refuses_the_upload_and_keeps_nothing_of_it(self):
        coordinator = Coordinator(self.world)
        coordinator.data = coordinator.arguments[2] = os.path.join(self.small_disk("32m"), "data")
        coordinator.start()
        before = tree(self.world.project)
        result = coordinator.eidactl("submit", "sweep.yaml")
        self.assertEnds(result, 5, "error: ", "no space for ", "free space on that disk and try again")
        self.assertEqual(coordinator.eidactl("get", "sweeps", "-o", "json").json()["items"], [])
        self.assertEqual([path for path, digest in tree(os.path.join(coordinator.data, "blobs")).items() if digest], [])
        self.assertEqual(tree(self.world.project), before)
        self.assertEqual(coordinator.stop(), 0)

    def test_an_embedded_run_on_a_small_disk_ends_and_leaves_no_sweep(self):
        disk = self.small_disk("32m")
        result = self.world.eidactl("run", self.path("sweep.yaml"), cwd=disk)
        self.assertEnds(result, 5, "no space for ", "free space on that disk and try again")
        self.assertEqual(self.world.settle(5), [])
        self.assertEqual(self.world.eidactl("get", "sweeps", "-o", "json", cwd=disk).json()["items"], [])
        self.assertFalse(os.path.exists(os.path.join(disk, "eida-results")))

    def test_a_database_that_does_not_fit_stops_the_start_of_the_coordinator(self):
        disk = self.small_disk("16k")
        result = self.world.run("eida-coordinator", "serve", "--data", os.path.join(disk, "data"), "--listen", "127.0.0.1:0")
        self.assertEnds(result, 1, "error: ", disk)
        self.assertRegex(result.err, "database or disk is full|No space left on device|disk I/O error")


if __name__ == "__main__":
    unittest.main()
