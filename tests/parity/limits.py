"""What counts as equal: every tolerance of the parity tests, stated once, and the largest difference that was measured."""

import atexit

# name -> (limit, what is compared). Absolute differences in fp32 unless the text says otherwise.
LIMITS = {
    "token ids": (0, "token and segment ids against the Python tokenizer; texts that differ"),
    "hidden states": (1e-4, "every layer's output at every token, real MiniLM"),
    "logits": (1e-4, "logits of a classifier"),
    "item losses": (1e-4, "cross entropy of one item"),
    "step losses": (1e-4, "loss of each of 50 training steps, relative"),
    "final weights": (1e-3, "trained tensors after 50 steps"),
    "features": (1e-4, "mean over non-special tokens of a layer's output"),
    "bf16 logits": (1.5, "error of bf16 against fp32 logits (root mean square), in units of transformers' under autocast"),
    "bf16 training": (0.05, "mean loss of the last 10 of 20 steps in bf16, relative to transformers in fp32"),
    "path losses": (1e-4, "item losses along a path against PEFT's cat combination"),
    "gap": (1e-12, "convexity gap of a measured curve against the scan over all stretches"),
    "cka": (1e-5, "CKA of trained models against NumPy in fp64"),
    "cka oracle": (1e-5, "CKA of the reference inputs against 0.55761 and 0.51346, which have five digits"),
    "soup weights": (1e-6, "tensors of a soup against the weighted sum in fp64"),
    "soup table": (1e-6, "losses of a soup's table against the model that was written"),
    "export logits": (1e-4, "logits of an exported directory in transformers or PEFT"),
}
measured = {}


def check(test, name, value, detail=""):
    """Fails the test when `value` is over the limit of that name (or not a number); remembers the largest."""
    limit = LIMITS[name][0]
    value = float(value)
    measured[name] = max(measured.get(name, 0.0), value)
    test.assertTrue(value <= limit, f"{name} {detail}: {value:.3g} is over {limit:g}")


@atexit.register
def table():
    if measured:
        print(f"\n{'compared':<16}{'largest':>10}{'limit':>9}  what")
        for name, (limit, what) in LIMITS.items():
            if name in measured:
                print(f"{name:<16}{measured[name]:>10.1e}{limit:>9g}  {what}")
