"""Hidden states and logits of the real MiniLM."""

import unittest

import torch
import transformers.trainer_pt_utils

import eida
import limits
import peer

LAYERS = ["embeddings"] + [f"layer.{k}" for k in range(6)]


def root_mean_square(x):
    return float(x.double().pow(2).mean().sqrt())


class ForwardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = eida.Bench()
        cls.items = peer.Items()
        cls.model = peer.classifier()
        # A head far larger than a fresh one, so that logits spread as a trained model's do.
        with torch.no_grad():
            cls.model.classifier.weight.mul_(20)
        head = {k: v for k, v in cls.model.state_dict().items() if k.startswith("classifier.")}
        cls.weights = cls.bench.save(head, "head.safetensors")

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def test_logits_equal_transformers(self):
        for batching in ("bucketed", "padded"):
            with self.subTest(batching=batching):
                result = self.bench.evaluate(self.weights, batching=batching).tensors("eval")
                numbers = result["item"].tolist()
                expected = peer.logits(self.model, self.items, numbers)
                self.assertEqual(len(numbers), 128)
                self.assertGreater(float(expected.std()), 0.1)
                limits.check(self, "logits", eida.largest(result["logits"], expected))
                labels = torch.tensor([self.items.rows[i][1] for i in numbers])
                self.assertTrue(torch.equal(labels, result["label"]))
                limits.check(self, "item losses", eida.largest(result["loss"], peer.losses(expected, labels)))

    def test_smoothed_losses_equal_those_of_transformers_trainers(self):
        result = self.bench.evaluate(self.weights, label_smoothing=0.1)
        tensors = result.tensors("eval")
        logits = peer.logits(self.model, self.items, tensors["item"].tolist())
        smoother = transformers.trainer_pt_utils.LabelSmoother(epsilon=0.1)
        expected = [smoother({"logits": row[None]}, label[None]) for row, label in zip(logits, tensors["label"], strict=True)]
        limits.check(self, "item losses", eida.largest(tensors["loss_smoothed"], torch.stack(expected)))
        limits.check(self, "item losses", abs(result.summary["loss_smoothed"] - float(torch.stack(expected).mean())))
        limits.check(self, "item losses", eida.largest(tensors["loss"], peer.losses(logits, tensors["label"])))

    def test_matthews_is_the_correlation_of_guesses_and_labels(self):
        result = self.bench.evaluate(self.weights)
        tensors = result.tensors("eval")
        pairs = torch.stack([tensors["logits"].argmax(1), tensors["label"]]).double()
        self.assertAlmostEqual(result.summary["matthews"], float(torch.corrcoef(pairs)[0, 1]), places=12)

    def test_hidden_states_of_every_layer_at_every_token_equal_transformers(self):
        ours = self.bench.states("select", LAYERS, self.weights)
        starts = ours["starts"].tolist()
        expected = peer.hidden_states(self.model, self.items, ours["item"].tolist())
        for layer, states in zip(LAYERS, expected, strict=True):
            with self.subTest(layer=layer):
                for i, state in enumerate(states):
                    limits.check(self, "hidden states", eida.largest(ours["hidden." + layer][starts[i]:starts[i + 1]], state), layer)
                self.assertGreater(float(states[0].abs().max()), 0.5)

    def test_pooled_features_of_every_layer_equal_transformers(self):
        layers = [*LAYERS, "last"]
        spec = {"split": "select", "samples": None, "item_seed": 0, "layers": layers, "numerics": eida.NUMERICS, "features": True}
        result = self.bench.run("gram", spec, {"weights": self.weights}).tensors("features")
        numbers = self.bench.evaluate(self.weights).tensors("eval")["item"].tolist()
        expected = peer.features(self.model, self.items, numbers)
        for layer, states in zip(layers, expected + [expected[-1]], strict=True):
            with self.subTest(layer=layer):
                self.assertGreater(float(states.abs().max()), 0.1)
                limits.check(self, "features", eida.largest(result[layer], states), layer)

    def test_bf16_is_as_near_to_fp32_as_transformers_under_autocast(self):
        ours = self.bench.evaluate(self.weights, precision="bf16").tensors("eval")
        numbers = ours["item"].tolist()
        exact = peer.logits(self.model, self.items, numbers)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            theirs = peer.logits(self.model, self.items, numbers).float()
        error = root_mean_square(ours["logits"] - exact)
        self.assertGreater(error, 1e-4, "it is bf16 that was computed")
        limits.check(self, "bf16 logits", error / root_mean_square(theirs - exact))


if __name__ == "__main__":
    unittest.main()
