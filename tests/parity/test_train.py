"""The first fifty training steps, dropout off, from the same initial weights and in the same order."""

import json
import unittest

import torch
import transformers

import eida
import peer

STEPS = 50


def trained_by_peer(model, items, trace, named, lr, weight_decay=0.01, clip=1.0, accumulate=1):
    """A plain training loop as transformers' Trainer does it, over Eida's order. `named`: trainable parameters by name."""
    decay = [p for n, p in named.items() if not n.endswith("bias") and "LayerNorm" not in n]
    plain = [p for n, p in named.items() if n.endswith("bias") or "LayerNorm" in n]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}],
                                  lr=lr, betas=(0.9, 0.999), eps=1e-8)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, trace["warmup"], STEPS)
    losses = []
    model.eval()  # dropout off
    for step in range(STEPS):
        total = 0.0
        for micro in trace["batches"][step * accumulate:(step + 1) * accumulate]:
            encoded, labels = items.batch(micro)
            loss = torch.nn.functional.cross_entropy(model(**encoded).logits, labels) / accumulate
            loss.backward()
            total += float(loss)
        torch.nn.utils.clip_grad_norm_(list(named.values()), clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(total)
    return torch.tensor(losses, dtype=torch.float64)


def read_trace(result):
    """What a traced training wrote: initial trainable tensors, the micro-batches in order, the loss of each step."""
    tensors, metadata = result.tensors("trace"), result.metadata("trace")
    batches, at = [], 0
    for size in tensors["batch_sizes"].tolist():
        batches.append(tensors["items"][at:at + size].tolist())
        at += size
    init = {k.removeprefix("init."): v for k, v in tensors.items() if k.startswith("init.")}
    return {"init": init, "batches": batches, "loss": tensors["loss"].double(), **json.loads(metadata["eida.trace"])}


class TrainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = eida.Bench()
        cls.items = peer.Items()

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def compare(self, trace, losses, final, named):
        self.assertEqual(len(trace["loss"]), STEPS)
        self.assertLess(float(losses[-10:].mean()), float(losses[:10].mean()), "it should learn")
        worst = float(((trace["loss"] - losses).abs() / losses.abs()).max())
        self.assertLess(worst, 1e-4, "losses")
        moved = max(eida.largest(trace["init"][name], p.detach()) for name, p in named.items())
        self.assertGreater(moved, 1e-3, "training should move the weights by more than the tolerance")
        for name, parameter in named.items():
            self.assertLess(eida.largest(final[name], parameter.detach()), 1e-3, name)
        print(f"    losses differ by {worst:.1e} relative, weights by "
              f"{max(eida.largest(final[n], p.detach()) for n, p in named.items()):.1e}")

    def full(self, accumulate, **settings):
        result = self.bench.train({"type": "none"}, steps=STEPS, lr=1e-4, trace=True, grad_accum=accumulate, **settings)
        trace = read_trace(result)
        model = peer.classifier()
        named = {n: p for n, p in model.named_parameters() if n in trace["init"]}
        self.assertEqual(set(named), set(trace["init"]))
        model.load_state_dict(trace["init"], strict=False)
        losses = trained_by_peer(model, self.items, trace, named, lr=1e-4, accumulate=accumulate)
        self.compare(trace, losses, result.tensors("weights"), named)

    def test_full_fine_tuning(self):
        self.full(accumulate=1)

    def test_full_fine_tuning_with_accumulation_and_buckets(self):
        self.full(accumulate=2, batch_size=8, batching="bucketed")

    def test_lora_of_rank_8(self):
        result = self.bench.train(eida.lora(8), steps=STEPS, lr=2e-3, trace=True)
        trace = read_trace(result)
        model = peer.lora_classifier(8)
        # PEFT's file names lack the adapter's name and the infix of saved modules.
        short = lambda n: n.replace(".default", "").replace("modules_to_save.", "").replace("classifier.original_module.", "")
        named = {short(n): p for n, p in model.named_parameters() if p.requires_grad}
        self.assertEqual(set(named), set(trace["init"]))
        with torch.no_grad():
            for name, parameter in named.items():
                parameter.copy_(trace["init"][name])
        losses = trained_by_peer(model, self.items, trace, named, lr=2e-3)
        self.compare(trace, losses, result.tensors("weights"), named)


if __name__ == "__main__":
    unittest.main()
