"""Average linkage against scipy, on matrices of every size and on CKA-like ones in blocks."""

import json
import os
import subprocess
import tempfile
import unittest

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

BIN = os.environ.get("EIDA_BIN", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/release/bin"))


def ask(matrices):
    with tempfile.TemporaryDirectory(prefix="eida-parity-") as scratch:
        paths = [os.path.join(scratch, name) for name in ("request.json", "answer.json")]
        with open(paths[0], "w", encoding="utf-8") as file:
            json.dump([matrix.tolist() for matrix in matrices], file)
        subprocess.run([os.path.join(BIN, "eida_linkage"), *paths], check=True)
        with open(paths[1], encoding="utf-8") as file:
            return json.load(file)


def distances(draw, size, blocks):
    """Symmetric, without ties; low within each of `blocks` groups."""
    upper = np.triu(draw.random((size, size)), 1)
    group = draw.integers(0, blocks, size)
    upper += np.triu(0.7 * (group[:, None] != group[None, :]), 1)
    return upper + upper.T


class LinkageTest(unittest.TestCase):
    def test_merges_heights_and_leaves_are_scipys(self):
        draw = np.random.default_rng(7)
        matrices = [distances(draw, size, blocks) for size in (2, 3, 5, 9, 20, 61, 105) for blocks in (1, 3)]
        for matrix, found in zip(matrices, ask(matrices)):
            with self.subTest(size=len(matrix)):
                expected = hierarchy.linkage(squareform(matrix, checks=False), method="average")
                merges = np.array(found["merges"])
                np.testing.assert_array_equal(merges[:, [0, 1, 3]], expected[:, [0, 1, 3]])
                np.testing.assert_allclose(merges[:, 2], expected[:, 2], rtol=1e-12)
                self.assertEqual(found["leaves"], hierarchy.leaves_list(expected).tolist())


if __name__ == "__main__":
    unittest.main()
