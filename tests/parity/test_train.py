"""The first fifty training steps, dropout off, from the same initial weights and in the same order."""

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

    def both(self, adapter, model, name_of, lr, steps=STEPS, epoch_items=1600, **settings):
        """Trains here and there; returns Eida's trace and final tensors, the peer's losses, parameters and gradient norms."""
        result = self.bench.train(adapter, steps=steps, lr=lr, trace=True, **settings)
        trace = eida.Trace(result, settings.get("grad_accum", 1), epoch_items)
        named = peer.trainable(model, trace.init, name_of)
        restarts = self.bench.settings["schedule"].get("restart") == "epoch"
        losses, norms = peer.train(model, self.items, trace.updates, named, self.bench.settings, trace.cycles if restarts else None)
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

    def test_lora_with_its_options(self):
        settings = {"rank_pattern": [["value", 2]], "alpha_pattern": [["layer.0.attention.self.query", 6]], "use_rslora": True}
        options = {"rank_pattern": {"value": 2}, "alpha_pattern": {r"layer\.0\..*query": 6}, "use_rslora": True}
        for bias, saved in (("lora_only", ["pooler.dense"]), ("all", ["attention.output.LayerNorm"])):
            with self.subTest(bias=bias):
                self.compare({**eida.lora(4), **settings, "bias": bias, "modules_to_save": saved},
                             peer.lora_classifier(4, **options, bias=bias, modules_to_save=list(saved)), peer.peft_name, 1e-3)

    def test_the_settings_of_the_en_ro_runs(self):
        self.full(batch_size=None, batch_tokens=512, grad_accum=2, label_smoothing=0.1,
                  optimizer={"name": "adam", "betas": [0.9, 0.98], "eps": 1e-6, "weight_decay": 0.01},
                  schedule={"name": "polynomial", "warmup_steps": 0})

    def test_a_cosine_and_losses_averaged_by_micro_batch(self):
        self.lora(4, batch_size=None, batch_tokens=300, batching="packed", grad_accum=3, normalise="micro_batch",
                  schedule={"name": "cosine", "warmup_ratio": 0.1})

    def test_cycles_that_start_afresh(self):
        small = eida.Bench(train_items=160)
        self.addCleanup(small.close)
        bench, type(self).bench = self.bench, small
        try:  # 10 updates an epoch: five cycles
            self.lora(8, epoch_items=160, batching="bucketed", gradient_checkpointing=True,
                      schedule={"name": "linear", "warmup_ratio": 0.2, "restart": "epoch"})
        finally:
            type(self).bench = bench

    def test_fp16_training_learns_as_fp32_does(self):
        for adapter, model, name_of, lr in (({"type": "none"}, peer.classifier(), lambda n: n, 1e-4),
                                            (eida.lora(8), peer.lora_classifier(8), peer.peft_name, 2e-3)):
            with self.subTest(adapter=adapter["type"]):
                trace, _, losses, _, _ = self.both(adapter, model, name_of, lr, steps=20, batch_size=8, precision="fp16")
                self.assertGreater(eida.largest(trace.loss, losses), 1e-6, "it is fp16 that was computed")
                limits.check(self, "fp16 training", abs(float(trace.loss[-10:].mean() / losses[-10:].mean()) - 1))

    def test_bf16_training_learns_as_fp32_does(self):
        for adapter, model, name_of, lr in (({"type": "none"}, peer.classifier(), lambda n: n, 1e-4),
                                            (eida.lora(8), peer.lora_classifier(8), peer.peft_name, 2e-3)):
            with self.subTest(adapter=adapter["type"]):
                trace, _, losses, _, _ = self.both(adapter, model, name_of, lr, steps=20, batch_size=8, precision="bf16")
                self.assertGreater(eida.largest(trace.loss, losses), 1e-5, "it is bf16 that was computed")
                limits.check(self, "bf16 training", abs(float(trace.loss[-10:].mean() / losses[-10:].mean()) - 1))


if __name__ == "__main__":
    unittest.main()
