"""The peers: transformers and PEFT models on the same files, trained and evaluated the plain way."""

import itertools
import math

import torch
import transformers
from peft import LoraConfig, get_peft_model

import eida

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def tokenizer():
    return transformers.AutoTokenizer.from_pretrained(eida.MODEL)


def classifier():
    """MiniLM with a classification head of two labels, dropout off."""
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification.from_pretrained(eida.MODEL, num_labels=2, dtype=torch.float32)
    return model.eval()


def lora_classifier(r, targets=("query", "value"), **options):
    config = LoraConfig(r=r, lora_alpha=4 * r, lora_dropout=0.0, target_modules=list(targets), task_type="SEQ_CLS", **options)
    return get_peft_model(classifier(), config).eval()


class Items:
    """Tokenised rows by item number; a batch is padded to its longest."""

    def __init__(self, own_tokenizer=None, rows=None, max_length=eida.MAX_LENGTH):
        self.tokenizer = own_tokenizer or tokenizer()
        self.rows = rows or eida.rows()
        self.max_length = max_length

    def batch(self, items):
        texts = [self.rows[i][0] for i in items]
        encoded = self.tokenizer(texts, truncation=True, max_length=self.max_length, padding=True, return_tensors="pt")
        return encoded, torch.tensor([self.rows[i][1] for i in items])

    def count(self, items):
        """How many labels these items have."""
        return len(items)

    def loss(self, model, items, smoothing):
        """Summed over their labels."""
        encoded, labels = self.batch(items)
        return torch.nn.functional.cross_entropy(model(**encoded).logits, labels, reduction="sum", label_smoothing=smoothing)


class Sequences(Items):
    """Items of a language model: (input ids, labels) each, or (input ids, decoder input ids, labels)."""

    def __init__(self, items):
        self.items = items

    def count(self, items):
        return sum(label >= 0 for i in items for label in self.items[i][-1])

    def loss(self, model, items, smoothing):
        def padded(column, value):
            return torch.nn.utils.rnn.pad_sequence([torch.tensor(self.items[i][column]) for i in items], True, value)
        inputs = {"input_ids": padded(0, 0), "attention_mask": (padded(0, -1) >= 0).long()}
        if len(self.items[items[0]]) == 3:
            inputs["decoder_input_ids"] = padded(1, 0)
        logits = model(**inputs).logits
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), padded(-1, -100).flatten(), reduction="sum", label_smoothing=smoothing)


@torch.no_grad()
def logits(model, items, numbers, size=32):
    return torch.cat([model(**items.batch(numbers[at:at + size])[0]).logits for at in range(0, len(numbers), size)])


@torch.no_grad()
def hidden_states(model, items, numbers, size=32):
    """The embeddings' and every layer's output at an item's own tokens: [layers + 1][items] of [tokens, hidden]."""
    encoder = model.bert if hasattr(model, "bert") else model
    out = None
    for at in range(0, len(numbers), size):
        encoded, _ = items.batch(numbers[at:at + size])
        states = encoder(**encoded, output_hidden_states=True).hidden_states
        out = out or [[] for _ in states]
        for layer, state in zip(out, states, strict=True):
            layer.extend(row[mask.bool()] for row, mask in zip(state, encoded["attention_mask"], strict=True))
    return out


@torch.no_grad()
def features(model, items, numbers, size=32):
    """Mean over non-special tokens of the embeddings' and every layer's output: [layers + 1][n, hidden]."""
    encoder = model.bert if hasattr(model, "bert") else model
    parts = []
    for at in range(0, len(numbers), size):
        encoded, _ = items.batch(numbers[at:at + size])
        special = torch.zeros_like(encoded["input_ids"], dtype=torch.bool)
        for token in items.tokenizer.all_special_ids:
            special |= encoded["input_ids"] == token
        keep = (~special).unsqueeze(-1).float()
        states = encoder(**encoded, output_hidden_states=True).hidden_states
        parts.append([(state * keep).sum(1) / keep.sum(1) for state in states])
    return [torch.cat(layer) for layer in zip(*parts)]


def losses(scores, labels):
    return torch.nn.functional.cross_entropy(scores.double(), labels, reduction="none")


def optimizer_of(named, lr, settings):
    """torch.optim's Adam or AdamW; biases and norms are not decayed."""
    def decays(name):
        return not name.endswith("bias") and not any(norm in name.lower() for norm in ("layernorm", "layer_norm", ".ln_"))
    decay = [p for n, p in named.items() if decays(n)]
    plain = [p for n, p in named.items() if not decays(n)]
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[settings["name"]]
    return kind([{"params": decay, "weight_decay": settings["weight_decay"]}, {"params": plain, "weight_decay": 0.0}], lr=lr,
                betas=tuple(settings["betas"]), eps=settings["eps"])


def schedule_of(optimizer, settings, updates):
    """transformers' schedule of that name over so many updates."""
    warmup = settings["warmup_steps"] if "warmup_steps" in settings else math.ceil(settings.get("warmup_ratio", 0) * updates)
    if settings["name"] == "polynomial":
        return transformers.get_polynomial_decay_schedule_with_warmup(optimizer, warmup, updates, lr_end=settings.get("lr_end", 1e-7),
                                                                      power=settings.get("power", 1.0))
    if settings["name"] == "cosine":
        return transformers.get_cosine_schedule_with_warmup(optimizer, warmup, updates, num_cycles=settings.get("cycles", 0.5))
    if settings["name"] == "constant":
        return transformers.get_constant_schedule_with_warmup(optimizer, warmup)
    return transformers.get_linear_schedule_with_warmup(optimizer, warmup, updates)


def train(model, items, updates, named, settings, cycles=None):
    """A plain training loop as transformers' Trainer does it, dropout off. `updates`: the micro-batches of each step, by item
    number. `named`: trainable parameters by name. `settings`: the `train` part of a job's spec. `cycles`: how many updates each
    cycle has, every one with an optimizer and a schedule of its own; default one.

    Returns the loss of each step and the gradient norms before clipping.
    """
    smoothing, by_micro_batch = settings.get("label_smoothing", 0.0), settings.get("normalise") == "micro_batch"
    losses_of_steps, norms = [], []
    left = iter(updates)
    model.eval()
    for length in cycles or [len(updates)]:
        optimizer = optimizer_of(named, settings["lr"], settings["optimizer"])
        schedule = schedule_of(optimizer, settings["schedule"], length)
        for micro_batches in itertools.islice(left, length):
            size, total = sum(items.count(m) for m in micro_batches), 0.0
            for micro in micro_batches:
                loss = items.loss(model, micro, smoothing)
                loss = loss / (items.count(micro) * settings["grad_accum"] if by_micro_batch else size)
                loss.backward()
                total += float(loss)
            norms.append(float(torch.nn.utils.clip_grad_norm_(list(named.values()), settings["grad_clip"])))
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses_of_steps.append(total)
    return torch.tensor(losses_of_steps, dtype=torch.float64), norms


def peft_name(name):
    """Eida's names lack the adapter's name and the infixes of saved modules and of the maps with factors."""
    for infix in (".default", "modules_to_save.", "classifier.original_module.", "base_layer."):
        name = name.replace(infix, "")
    return name


def trainable(model, init, name_of=lambda name: name):
    """The model's trainable parameters under Eida's names, set to `init`."""
    named = {name_of(n): p for n, p in model.named_parameters() if p.requires_grad}
    if set(named) != set(init):
        raise ValueError(f"other tensors train: {sorted(set(named) ^ set(init))}")
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(init[name])
    return named
