"""Paths, CKA and soups against PEFT's `cat` combination and NumPy."""

import os
import unittest

import numpy as np
import torch
from peft import LoraConfig, PeftModel
from safetensors.torch import load_file, save_file

import eida
import limits
import peer

PREFIX = "base_model.model."


def merged(weights, r):
    """A LoRA artifact as dense tensors: W0 + s B A for every target, and the head. Plain tensor arithmetic."""
    adapter, base = load_file(weights), peer.classifier().state_dict()
    out = {}
    for key, b in adapter.items():
        name = key.removeprefix(PREFIX)
        if name.endswith(".lora_B.weight"):
            module = name.removesuffix(".lora_B.weight")
            a = adapter[PREFIX + module + ".lora_A.weight"]
            assert a.shape[0] == r
            out[module + ".weight"] = base[module + ".weight"].double() + 4.0 * (b.double() @ a.double())
        elif ".lora_A." not in name:
            out[name] = b.double()
    return out


def strip_name(name, known):
    """Eida's name of a tensor: the checkpoint's own, which may lack the model's prefix."""
    return name if name in known else name.removeprefix("bert.")


def debiased(gram):
    n = len(gram)
    gram = gram - np.diag(np.diag(gram))
    means = gram.sum(0) / (n - 2)
    means -= means.sum() / (2 * (n - 1))
    gram = gram - means[:, None] - means[None, :]
    return gram - np.diag(np.diag(gram))


def cka(x, y, unbiased):
    centre = debiased if unbiased else (lambda gram: gram)
    a, b = ((f - f.mean(0)) @ (f - f.mean(0)).T for f in (x, y))
    a, b = centre(a), centre(b)
    return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())


class AnalysisTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = eida.Bench()
        cls.items = peer.Items()
        cls.ranks = {"a": 2, "b": 8}
        cls.adapters = {"a": cls.bench.train(eida.lora(2), seed=1, steps=30, lr=5e-3).artifacts["weights"],
                        "b": cls.bench.train(eida.lora(8), seed=2, steps=30, lr=5e-3).artifacts["weights"]}
        cls.full = cls.bench.train({"type": "none"}, seed=3, steps=20, lr=1e-4).artifacts["weights"]
        cls.evals = {k: cls.bench.evaluate(v).artifacts["eval"] for k, v in cls.adapters.items()}

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def peft_without_head(self, side):
        """The adapter as a PEFT directory without its head (PEFT combines no adapters that carry one)."""
        directory = self.bench.path("peft-" + side)
        os.makedirs(directory, exist_ok=True)
        r = self.ranks[side]
        LoraConfig(r=r, lora_alpha=4 * r, target_modules=["query", "value"]).save_pretrained(directory)
        tensors = {k: v for k, v in load_file(self.adapters[side]).items() if ".lora_" in k}
        save_file(tensors, os.path.join(directory, "adapter_model.safetensors"), metadata={"format": "pt"})
        return directory

    def test_a_path_between_unequal_ranks_is_peft_cat(self):
        alphas = [0, 0.25, 0.5, 0.75, 1]
        path = self.bench.run("path", {"split": "select", "samples": None, "item_seed": 0, "alphas": alphas, "space": "merged",
                                       "numerics": eida.NUMERICS},
                              {"a": self.adapters["a"], "b": self.adapters["b"],
                               "end_a": self.evals["a"], "end_b": self.evals["b"]})
        losses = path.tensors("losses")["loss"]
        numbers = load_file(self.evals["a"])["item"].tolist()
        labels = torch.tensor([self.items.rows[i][1] for i in numbers])
        model = PeftModel.from_pretrained(peer.classifier(), self.peft_without_head("a"), adapter_name="a")
        model.load_adapter(self.peft_without_head("b"), adapter_name="b")
        heads = [load_file(self.adapters[side]) for side in "ab"]
        for k, alpha in enumerate(alphas):
            with self.subTest(alpha=alpha):
                if 0 < alpha < 1:
                    model.add_weighted_adapter(["a", "b"], [alpha, 1 - alpha], f"mix{k}", combination_type="cat")
                    model.set_adapter(f"mix{k}")
                else:
                    model.set_adapter("a" if alpha == 1 else "b")
                with torch.no_grad():
                    for part in ("weight", "bias"):
                        key = PREFIX + "classifier." + part
                        mixed = alpha * heads[0][key] + (1 - alpha) * heads[1][key]
                        getattr(model.base_model.model.classifier, part).copy_(mixed)
                expected = peer.losses(peer.logits(model.eval(), self.items, numbers), labels)
                limits.check(self, "path losses", eida.largest(losses[k], expected), f"alpha {alpha}")
        curve = path.json("curve")
        self.assertTrue(torch.equal(losses[0], load_file(self.evals["b"])["loss"]))
        self.assertTrue(torch.equal(losses[-1], load_file(self.evals["a"])["loss"]))
        loss = np.array(curve["loss"])
        limits.check(self, "gap", np.abs(loss - losses.double().mean(1).numpy()).max(), "curve of means")
        brute = max([0.0] + [loss[m] - np.interp(alphas[m], [alphas[i], alphas[j]], [loss[i], loss[j]])
                             for i in range(5) for j in range(i + 2, 5) for m in range(i + 1, j)])
        limits.check(self, "gap", abs(curve["convexity_gap"] - brute))

    def test_a_path_between_an_adapter_and_a_full_model_mixes_all_weights(self):
        alphas = [0, 0.3, 1]
        path = self.bench.run("path", {"split": "select", "samples": None, "item_seed": 0, "alphas": alphas, "space": "merged",
                                       "numerics": eida.NUMERICS},
                              {"a": self.adapters["a"], "b": self.full, "end_a": self.evals["a"],
                               "end_b": self.bench.evaluate(self.full).artifacts["eval"]})
        numbers = load_file(self.evals["a"])["item"].tolist()
        labels = torch.tensor([self.items.rows[i][1] for i in numbers])
        base = peer.classifier()
        a, b = ({**base.state_dict(), **w} for w in (merged(self.adapters["a"], 2), load_file(self.full)))
        self.assertEqual(set(a), set(b))
        base.load_state_dict({name: (0.3 * a[name].double() + 0.7 * b[name].double()).float() for name in a})
        expected = peer.losses(peer.logits(base, self.items, numbers), labels)
        limits.check(self, "path losses", eida.largest(path.tensors("losses")["loss"][1], expected), "adapter to full model")

    def test_cka_of_the_reference_inputs(self):
        random = np.random.RandomState(1337)
        x = random.randn(100, 10)
        y = random.randn(100, 10) + x
        # The packed upper triangle that docs/formats.md describes.
        rows, columns = np.triu_indices(100)
        scale = np.where(rows == columns, 1.0, np.sqrt(2))
        inputs = {}
        for i, features in enumerate((x, y)):
            centred = features - features.mean(0)
            gram = centred @ centred.T
            tensors = {"last." + name: torch.tensor((g[rows, columns] * scale).astype(np.float32))
                       for name, g in (("biased", gram), ("unbiased", debiased(gram)))}
            inputs[f"member/{i}"] = self.bench.path(f"reference{i}.safetensors")
            save_file(tensors, inputs[f"member/{i}"],
                      metadata={"format": "pt", "eida.layers": '["last"]', "eida.n": "100", "eida.item_hash": "0", "eida.pool": "none"})
        result = self.bench.run("matrix", {"metric": "cka", "members": [{"label": str(i), "variant": "v", "seed": i} for i in range(2)],
                                           "pairs": [[0, 1]], "detail": {"estimator": "biased", "layers": ["last"]}}, inputs)
        for estimator, expected in (("biased", 0.55761), ("unbiased", 0.51346)):
            limits.check(self, "cka oracle", abs(result.json("matrix")["extra"][estimator][0][1] - expected), estimator)
            limits.check(self, "cka oracle", abs(cka(x, y, estimator == "unbiased") - expected), "this file's own " + estimator)

    def test_cka_of_three_models_equals_numpy_on_transformers_features(self):
        members = [self.adapters["a"], self.adapters["b"], self.full]
        layers = ["last", "layer.2"]
        grams, features = [], []
        for weights in members:
            gram = self.bench.run("gram", {"split": "select", "samples": 96, "item_seed": 5, "layers": layers,
                                           "numerics": eida.NUMERICS, "features": True}, {"weights": weights})
            grams.append(gram.artifacts["gram"])
            features.append(gram.tensors("features"))
        result = self.bench.run("matrix", {"metric": "cka", "members": [{"label": str(i), "variant": "v", "seed": i} for i in range(3)],
                                           "pairs": [[0, 1], [0, 2], [1, 2]], "detail": {"estimator": "unbiased", "layers": layers}},
                                {f"member/{i}": path for i, path in enumerate(grams)})
        for name, layer in (("matrix", "last"), ("matrix/layer.2", "layer.2")):
            matrix = result.json(name)
            self.assertEqual(matrix["detail"]["layer"], layer)
            for estimator in ("biased", "unbiased"):
                for i in range(3):
                    for j in range(3):
                        x, y = (f[layer].double().numpy() for f in (features[i], features[j]))
                        limits.check(self, "cka", abs(matrix["extra"][estimator][i][j] - cka(x, y, estimator == "unbiased")))
            self.assertEqual(matrix["values"], matrix["extra"]["unbiased"])
            self.assertLess(matrix["values"][0][1], 0.9999)
        # The features themselves against transformers, for a trained LoRA model (merged) and all items of the split.
        whole = self.bench.run("gram", {"split": "select", "samples": None, "item_seed": 0, "layers": layers,
                                        "numerics": eida.NUMERICS, "features": True}, {"weights": self.adapters["b"]})
        model = peer.classifier()
        model.load_state_dict({k: v.float() for k, v in merged(self.adapters["b"], 8).items()}, strict=False)
        numbers = load_file(self.evals["b"])["item"].tolist()
        expected = peer.features(model, self.items, numbers)
        for layer, states in (("last", expected[-1]), ("layer.2", expected[3])):
            limits.check(self, "features", eida.largest(whole.tensors("features")[layer], states), "of a trained model")

    def test_soups_are_the_weighted_sums_that_they_say(self):
        members = ["a", "b"]
        reports = {k: self.bench.evaluate(self.adapters[k], "report").artifacts["eval"] for k in members}
        dense = [merged(self.adapters[k], self.ranks[k]) for k in members]
        inputs = {f"{role}/{i}": files[k] for role, files in (("member", self.adapters), ("select", self.evals), ("report", reports))
                  for i, k in enumerate(members)}
        for kind in ("uniform", "greedy"):
            with self.subTest(type=kind):
                soup = self.bench.run("soup", {"type": kind, "members": [{"label": k, "variant": k, "seed": 0} for k in members],
                                               "select": "select", "report": "report", "options": {},
                                               "numerics": eida.NUMERICS}, inputs)
                told, weights = soup.json("soup"), soup.tensors("weights")
                coefficients = [told["coefficients"].get(k, 0.0) for k in members]
                self.assertAlmostEqual(sum(coefficients), 1)
                if kind == "uniform":
                    self.assertEqual(coefficients, [0.5, 0.5])
                self.assertEqual({strip_name(n, weights) for n in dense[0]}, set(weights))
                for name in dense[0]:
                    expected = sum(c * d[name].numpy() for c, d in zip(coefficients, dense))
                    limits.check(self, "soup weights", np.abs(weights[strip_name(name, weights)].double().numpy() - expected).max(), name)
                # The table's numbers are those of the model that was written.
                row = told["table"][0]
                again = self.bench.evaluate(soup.artifacts["weights"], "report").tensors("eval")
                limits.check(self, "soup table", abs(float(again["loss"].double().mean()) - row["report"]["loss"]))
                ensemble = next(r for r in told["table"] if r["model"] == "logit ensemble")
                both = [load_file(reports[k]) for k in members]
                mean = (both[0]["logits"].double() + both[1]["logits"].double()) / 2
                limits.check(self, "soup table", abs(ensemble["report"]["loss"] - float(peer.losses(mean, both[0]["label"]).mean())))


if __name__ == "__main__":
    unittest.main()
