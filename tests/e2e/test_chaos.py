"""The tiny study under `kill -9`: see chaos.py for what must hold. EIDA_CHAOS_SEED chooses other moments and victims."""

import os
import unittest

import chaos
from case import end_world, make_world

SEED = int(os.environ.get("EIDA_CHAOS_SEED", "1"))
OVERRIDES = ("--set", "train.epochs=12")


class Chaos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        world = make_world()
        cls.addClassCleanup(end_world, world)
        cls.sweep = os.path.join(world.project, "sweep.yaml")
        cls.undisturbed, _ = cls.run_study("served", 0)

    @classmethod
    def run_study(cls, mode, kills):
        said = []
        try:
            return chaos.run(mode, cls.sweep, OVERRIDES, SEED, kills, gap=0.6, limit=400, say=said.append)
        except chaos.Violation as violation:
            raise AssertionError("\n".join([*said, str(violation)])) from None

    def assertEquivalent(self, mode, kills):
        disturbed, struck = self.run_study(mode, kills)
        self.assertGreaterEqual(len(struck), kills // 2, "the study ended before most kills")
        chaos.compare(self.undisturbed, disturbed)

    def test_coordinator_worker_and_runners_are_killed(self):
        self.assertEquivalent("served", 6)

    def test_an_embedded_run_and_all_that_it_started_are_killed(self):
        self.assertEquivalent("embedded", 6)


if __name__ == "__main__":
    unittest.main()
