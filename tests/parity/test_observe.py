"""An observation of real MiniLM against transformers' activations and torch's gradients, in NumPy, by the definition."""

import unittest

import numpy as np
import torch

import eida
import peer
from limits import check

DIMS, SIZES, HELD, BATCH = (4, 8, 16, 32, 64), (80, 112), 32, 16
ROLES = {"query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value", "attn_out": "attention.output.dense",
         "fc1": "intermediate.dense", "fc2": "output.dense"}


def mean_cosines(sample, held):
    """For each of DIMS the mean of |P x| / |x| over the rows of `held`; P: the mean's direction and principal components of the rest."""
    mean = sample.mean(0) / np.linalg.norm(sample.mean(0))
    rest = sample - np.outer(sample @ mean, mean)
    components = np.linalg.eigh(rest.T @ rest)[1][:, ::-1]
    return [float(np.mean(np.sqrt((held @ mean)**2 + ((held @ components[:, :k - 1])**2).sum(1)) / np.linalg.norm(held, axis=1))) for k in DIMS]


class Activations:
    """Inputs of every linear map at every real token, and how the gradient of each batch's mean loss would move its outputs."""

    def __init__(self, model, items):
        self.model, self.items, self.seen = model, items, {}
        self.maps = {f"{layer}.{end}": module for layer, block in enumerate(model.bert.encoder.layer) for name, module in block.named_modules()
                     for end in ROLES.values() if name == end}
        for name, module in self.maps.items():
            module.register_forward_hook(lambda module, inputs, output, name=name: self.seen.__setitem__(name, inputs[0].detach()))

    def rows(self, items):
        """{map: (inputs, updates)}, in NumPy."""
        parts = {name: ([], []) for name in self.maps}
        for at in range(0, len(items), BATCH):
            encoded, labels = self.items.batch(items[at:at + BATCH])
            self.model.zero_grad()
            torch.nn.functional.cross_entropy(self.model(**encoded).logits, labels).backward()
            real = encoded["attention_mask"].bool()
            for name, module in self.maps.items():
                x = self.seen[name][real].double()
                parts[name][0].append(x)
                parts[name][1].append(x @ module.weight.grad.double().T)
        return {name: [torch.cat(own).numpy() for own in both] for name, both in parts.items()}


class ObserveTest(unittest.TestCase):
    def test_cosines_of_every_map(self):
        bench = eida.Bench(train_items=400)
        self.addCleanup(bench.close)
        weights = bench.train({"type": "none"}, steps=3).artifacts["weights"]
        observe = {"targets": list(ROLES), "sizes": list(SIZES), "dims": list(DIMS), "repeats": 1, "held_out": HELD, "batch_size": BATCH,
                   "tokens_per_sequence": 1000}
        result = bench.run("observe", {"split": "train", "seed": 3, "observe": observe, "numerics": {"precision": "fp32"}}, {"weights": weights})
        observation = result.json("observation")
        self.assertEqual(len(observation["sites"]), 6 * (4 + 6), "six layers: four inputs, six updates")
        model = peer.classifier()
        model.load_state_dict(eida.load_file(weights), strict=False)
        activations = Activations(model, peer.Items())
        for repeat, items in enumerate(observation["items"]):
            self.assertFalse(set(items["held_out"]) & set(items["sample"]))
            held = activations.rows(items["held_out"])
            for size, sequences in enumerate(SIZES):
                sample = activations.rows(items["sample"][:sequences])
                for site in observation["sites"]:
                    name = f"{site['name'].split('.')[3]}.{ROLES[site['role']]}"
                    which = int(site["side"] == "update")
                    self.assertEqual(site["sizes"][size]["tokens"][repeat], len(sample[name][which]))
                    expected = mean_cosines(sample[name][which], held[name][which])
                    check(self, "observed cosines", eida.largest(site["sizes"][size]["cosine"][repeat], expected), f"{name} {site['side']}")


if __name__ == "__main__":
    unittest.main()
