"""Hidden states and logits of the real MiniLM."""

import unittest

import torch

import eida
import peer

LAYERS = ["embeddings"] + [f"layer.{k}" for k in range(6)] + ["last"]


class ForwardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = eida.Bench()
        cls.items = peer.Items()
        cls.model = peer.classifier()
        head = {k: v for k, v in cls.model.state_dict().items() if k.startswith("classifier.")}
        cls.weights = cls.bench.save(head, "head.safetensors")

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def test_logits_equal_transformers(self):
        result = self.bench.evaluate(self.weights).tensors("eval")
        numbers = result["item"].tolist()
        expected = peer.logits(self.model, self.items, numbers)
        self.assertEqual(len(numbers), 128)
        self.assertLess(eida.largest(result["logits"], expected), 1e-4)
        labels = torch.tensor([self.items.rows[i][1] for i in numbers])
        self.assertTrue(torch.equal(labels, result["label"]))
        self.assertLess(eida.largest(result["loss"], peer.losses(expected, labels)), 1e-4)

    def test_hidden_states_of_every_layer_equal_transformers(self):
        spec = {"split": "select", "samples": None, "item_seed": 0, "layers": LAYERS, "numerics": eida.NUMERICS, "features": True}
        result = self.bench.run("gram", spec, {"weights": self.weights}).tensors("features")
        numbers = self.bench.evaluate(self.weights).tensors("eval")["item"].tolist()
        expected = peer.features(self.model, self.items, numbers)
        for layer, states in zip(LAYERS, expected + [expected[-1]], strict=True):
            with self.subTest(layer=layer):
                self.assertGreater(float(states.abs().max()), 0.1)
                self.assertLess(eida.largest(result[layer], states), 1e-4)


if __name__ == "__main__":
    unittest.main()
