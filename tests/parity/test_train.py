"""The first fifty training steps, dropout off, from the same initial weights and in the same order."""

import math
import unittest

import eida
import limits
import peer

STEPS = 50


class TrainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = eida.Bench()
        cls.items = peer.Items()

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def both(self, adapter, model, name_of, lr, steps=STEPS, **settings):
        """Trains here and there; returns Eida's trace and final tensors, the peer's losses, parameters and gradient norms."""
        result = self.bench.train(adapter, steps=steps, lr=lr, trace=True, **settings)
        trace = eida.Trace(result, settings.get("grad_accum", 1))
        named = peer.trainable(model, trace.init, name_of)
        losses, norms = peer.train(model, self.items, trace.updates, named, lr, math.ceil(0.06 * steps), clip=settings.get("grad_clip", 1.0),
                                   weight_decay=settings.get("optimizer", {}).get("weight_decay", 0.01))
        self.assertEqual(len(trace.loss), steps)
        self.assertEqual(len(losses), steps)
        return trace, result.tensors("weights"), losses, {n: p.detach() for n, p in named.items()}, norms

    def compare(self, *arguments, **settings):
        trace, final, losses, named, norms = self.both(*arguments, **settings)
        self.assertLess(float(losses[-10:].mean()), float(losses[:10].mean()), "it should learn")
        worst = ((trace.loss - losses).abs() / losses.abs()).max()
        moved = max(eida.largest(trace.init[n], p) for n, p in named.items())
        apart = {n: eida.largest(final[n], p) for n, p in named.items()}
        name = max(apart, key=apart.get)
        print(f"    losses differ by {worst:.1e} relative, weights by {apart[name]:.1e} ({name}); they moved by up to {moved:.1e}")
        limits.check(self, "step losses", worst)
        self.assertGreater(moved, 3 * limits.LIMITS["final weights"][0], "training should move the weights by more than the tolerance")
        limits.check(self, "final weights", apart[name], name)
        return norms

    def full(self, lr=2e-4, **settings):
        return self.compare({"type": "none"}, peer.classifier(), lambda name: name, lr, **settings)

    def lora(self, r, targets=("query", "value"), modules=("query", "value"), **settings):
        return self.compare(eida.lora(r, targets=targets), peer.lora_classifier(r, modules), peer.peft_name, 2e-3, **settings)

    def test_full_fine_tuning(self):
        self.full()

    def test_full_fine_tuning_with_accumulation_buckets_and_clipping(self):
        norms = self.full(grad_accum=2, batch_size=8, batching="bucketed", grad_clip=0.5)
        self.assertGreater(sum(n > 0.5 for n in norms), STEPS // 4, "clipping should be at work")

    def test_full_fine_tuning_with_strong_weight_decay(self):
        self.full(optimizer={"name": "adamw", "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.5})

    def test_lora_of_rank_8(self):
        self.lora(8)

    def test_lora_of_rank_1_with_accumulation_and_clipping(self):
        norms = self.lora(1, grad_accum=2, batch_size=8, grad_clip=0.1)
        self.assertGreater(sum(n > 0.1 for n in norms), STEPS // 4, "clipping should be at work")

    def test_lora_on_the_feed_forward_maps(self):
        self.lora(4, ("attn_out", "fc1", "fc2"), ("attention.output.dense", "intermediate.dense", "output.dense"))

    def test_bf16_training_learns_as_fp32_does(self):
        for adapter, model, name_of, lr in (({"type": "none"}, peer.classifier(), lambda n: n, 1e-4),
                                            (eida.lora(8), peer.lora_classifier(8), peer.peft_name, 2e-3)):
            with self.subTest(adapter=adapter["type"]):
                trace, _, losses, _, _ = self.both(adapter, model, name_of, lr, steps=20, batch_size=8, precision="bf16")
                self.assertGreater(eida.largest(trace.loss, losses), 1e-5, "it is bf16 that was computed")
                limits.check(self, "bf16 training", abs(float(trace.loss[-10:].mean() / losses[-10:].mean()) - 1))


if __name__ == "__main__":
    unittest.main()
