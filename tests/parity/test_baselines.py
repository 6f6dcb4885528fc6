"""The adapters that EIDA is compared with, on real MiniLM: EVA against PEFT, LoRA-SB and BitFit against torch."""

import unittest

import torch
from peft import LoraConfig, get_peft_model, initialize_lora_eva_weights
from peft.tuners.lora import EvaConfig

import eida
import limits
import peer

ITEMS = 64  # all of them in one batch: whatever the order, every batch is the same


def modules_of(tensors, end):
    """Tensors by module path."""
    return {n.removeprefix("base_model.model.").removesuffix(end): t for n, t in tensors.items() if n.endswith(end)}


class BaselineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = eida.Bench(train_items=ITEMS)
        cls.items = peer.Items()

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def start(self, adapter, **settings):
        """Trains one update; gives the result and the trainable tensors from before it."""
        result = self.bench.train(adapter, steps=1, batch_size=ITEMS, trace=True, **settings)
        trace = eida.Trace(result)
        return result, trace.init, trace.updates[0][0]

    def test_eva_starts_as_peft_does(self):
        r, targets = 4, ["query", "value", "fc2"]
        _, init, items = self.start({"type": "eva", "r": r, "alpha": 8, "rho": 2.0, "tau": 0.99, "dropout": 0, "targets": targets})
        ours = modules_of(init, ".lora_A.weight")
        config = LoraConfig(r=r, lora_alpha=8, target_modules=["query", "value", "output.dense"], exclude_modules=r".*attention\.output.*",
                            init_lora_weights="eva", eva_config=EvaConfig(rho=2.0, tau=0.99), task_type="SEQ_CLS")
        model = get_peft_model(peer.classifier(), config).eval()
        encoded, _ = self.items.batch(items)
        initialize_lora_eva_weights(model, [dict(encoded)], show_progress_bar=False)
        state = {peer.peft_name(n): p for n, p in model.named_parameters()}
        theirs = modules_of(state, ".lora_A.weight")
        ranks = {n: t.shape[0] for n, t in theirs.items()}
        self.assertEqual({n: t.shape[0] for n, t in ours.items()}, ranks)
        self.assertGreater(len(set(ranks.values())), 1, "ranks should differ from map to map")
        # PEFT's decomposition is a random one: of each direction the cosine counts.
        worst = max(float((1 - (ours[n] * theirs[n]).sum(1).abs()).max()) for n in ours)
        print(f"    {len(ours)} maps, ranks {min(ranks.values())} to {max(ranks.values())}, directions differ by {worst:.1e} in cosine")
        limits.check(self, "eva directions", worst)

    def test_lora_sb_starts_at_the_first_update(self):
        r, lr = 8, 1e-3
        result, init, items = self.start({"type": "lora_sb", "r": r, "alpha": 2 * r, "sample_fraction": 0.999, "targets": ["query", "fc1"]},
                                         lr=lr, schedule={"name": "linear", "warmup_steps": 10})
        model = peer.classifier()
        with torch.no_grad():
            for name in ("weight", "bias"):
                getattr(model.classifier, name).copy_(init[f"base_model.model.classifier.{name}"])
        encoded, labels = self.items.batch(items)
        torch.nn.functional.cross_entropy(model(**encoded).logits, labels).backward()
        fixed = result.tensors("weights")
        worst = 0.0
        for module, latent in modules_of(init, ".lora_sb_R.weight").items():
            # A warm-up of 10 updates (of this one alone the schedule still knows): the first that moves has a tenth of lr.
            update = -lr / 10 * model.get_submodule(module).weight.grad.sign().double()
            u, s, v = torch.linalg.svd(update, full_matrices=False)
            best = (u[:, :r] * s[:r]) @ v[:r]
            key = f"base_model.model.{module}.lora_sb_"
            own = 2 * fixed[key + "B.weight"].double() @ latent.double() @ fixed[key + "A.weight"].double()
            worst = max(worst, float((own - best).norm() / best.norm()))
        print(f"    the start differs by {worst:.1e} of its norm")
        limits.check(self, "first update", worst)

    def test_bitfit_trains_as_torch_does(self):
        result = self.bench.train({"type": "bitfit"}, steps=50, lr=2e-3, trace=True)
        trace = eida.Trace(result)
        model = peer.classifier()
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.endswith("bias") or name.startswith("classifier."))
        named = peer.trainable(model, trace.init, lambda n: "base_model.model." + n)
        losses, _ = peer.train(model, self.items, trace.updates, named, self.bench.settings)
        final = result.tensors("weights")
        worst = ((trace.loss - losses).abs() / losses.abs()).max()
        apart = {n: eida.largest(final[n], p.detach()) for n, p in named.items()}
        name = max(apart, key=apart.get)
        print(f"    losses differ by {worst:.1e} relative, weights by {apart[name]:.1e} ({name})")
        limits.check(self, "step losses", worst)
        limits.check(self, "final weights", apart[name], name)


if __name__ == "__main__":
    unittest.main()
