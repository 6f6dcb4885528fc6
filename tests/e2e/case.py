"""What the tests begin with: a world, the tiny study in it, and a look at whether anything changed."""

import hashlib
import os
import shutil
import tempfile
import unittest

import programs
import study


def tree(directory):
    """{path: digest} of everything below a directory; directories map to None."""
    found = {}
    for at, folders, files in os.walk(directory):
        for name in folders:
            found[os.path.relpath(os.path.join(at, name), directory)] = None
        for name in files:
            path = os.path.join(at, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, directory)] = hashlib.sha256(file.read()).hexdigest()
    return found


def make_world():
    world = programs.World(tempfile.mkdtemp(prefix="eida-e2e-"))
    study.write(world.project)
    return world


def end_world(world, patience=10):
    """Ends a world; what had to be killed because nothing else had ended it."""
    left = world.settle(patience)
    world.end()
    shutil.rmtree(world.directory, ignore_errors=True)
    return left


class Case(unittest.TestCase):
    """A test with a world of its own."""

    maxDiff = None

    def setUp(self):
        self.world = make_world()
        self.addCleanup(lambda: self.assertEqual(end_world(self.world), [], "processes are left"))

    def path(self, *names):
        return os.path.join(self.world.project, *names)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def write(self, content, *names):
        with open(self.path(*names), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)

    def edit(self, old, new, *names):
        """Replaces the one `old` of a file (sweep.yaml) by `new`."""
        names = names or ("sweep.yaml",)
        content = self.read(*names)
        self.assertEqual(content.count(old), 1, old)
        self.write(content.replace(old, new), *names)

    def place(self, text, name="sweep.yaml"):
        """file:line:column of the last occurrence of `text`."""
        before = self.read(name).rpartition(text)[0]
        return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"

    def assertEnds(self, result, code, *messages):
        """The exit code, and each message in stderr (or in stdout when the code is 0)."""
        self.assertEqual(result.code, code, str(result))
        for message in messages:
            self.assertIn(message, result.out if code == 0 else result.err, str(result))
