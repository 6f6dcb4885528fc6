"""The peers: transformers and PEFT models on the same files, evaluated the plain way."""

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


def lora_classifier(r, alpha=None):
    config = LoraConfig(r=r, lora_alpha=alpha or 4 * r, lora_dropout=0.0, target_modules=["query", "value"], task_type="SEQ_CLS")
    return get_peft_model(classifier(), config).eval()


class Items:
    """Tokenised rows by item number; a batch is padded to its longest."""

    def __init__(self):
        self.tokenizer = tokenizer()
        self.rows = eida.rows()

    def batch(self, items):
        texts = [self.rows[i][0] for i in items]
        encoded = self.tokenizer(texts, truncation=True, max_length=eida.MAX_LENGTH, padding=True, return_tensors="pt")
        return encoded, torch.tensor([self.rows[i][1] for i in items])


@torch.no_grad()
def logits(model, items, numbers, size=32):
    return torch.cat([model(**items.batch(numbers[at:at + size])[0]).logits for at in range(0, len(numbers), size)])


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
