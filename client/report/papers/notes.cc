// The papers: their names, how they were read where they leave a choice, and where they contradict
// themselves.
#include "client/report/paper.h"

namespace eida::report {

const std::vector<Paper>& Papers() {
  static const auto* const papers = new std::vector<Paper>{
      {"thesis",
       "the thesis on the uniformity of LoRA models",
       "The thesis: QQP with bert-base-uncased, 15 seeds, LoRA of rank 1 to 32; WMT16 English to "
       "Romanian with mbart-large-cc25, 7 seeds, LoRA of rank 1 to 256; each beside full "
       "fine-tuning.",
       ThesisPart,
       ThesisClaims,
       {
           "Split of tables 4 and 5: scores are those of the split that the sweep reports "
           "(validation on QQP, whose test labels are not public).",
           "Tables 8 and 9: the soup is chosen on one split and reported on another; both stand in "
           "the table. The thesis' best single model of table 9 (2.984) is worse than the mean of "
           "rank 256 in table 5 (2.945), so its splits differ, too.",
           "Convexity gap: the largest height of the loss over its lower convex envelope on K "
           "equally spaced points, ends included; it can only grow with more points, so K stands "
           "with every figure. The thesis does not say its K.",
           "The path between two LoRA models is W0 + α·s1·B1·A1 + (1 − α)·s2·B2·A2 (the second of "
           "the thesis' two ways), and the heads are interpolated with it.",
           "CKA: columns are centred, as the name requires and equation 4.6 leaves out; the last "
           "layer, the mean over tokens that are not special, of validation items that are the "
           "same "
           "for all models (section 4.2.2 once says training items).",
           "Tables 6 and 7 average over all unordered pairs of two seeds, self-pairs excluded.",
           "Rank maps: off the diagonal the mean over seeds of two ranks with the same seed.",
           "Relative gap: the gap divided by the larger loss of the two ends.",
           "The loss of En-Ro is taken to be cross-entropy with label smoothing 0.1. Ours is that "
           "one where the sweep chooses by loss_smoothed, as the paper's sweep file does; else it "
           "is the plain mean cross-entropy, and values of table 5 do not compare by their digits.",
           "Training on QQP is not described in the thesis; the sweep's settings stand below.",
       },
       {
           "Section 4.3.1 says that performance grows with the rank from 1 to 8; in table 4 rank 2 "
           "is below rank 1 (claim C1).",
           "Section 4.3.2 says that similarity falls as the rank grows; in table 6 rank 2 is the "
           "maximum (claim C13).",
           "Section 4.3.2 gives full fine-tuning's CKA as 0.765; table 6, and the 85.7 % of the "
           "same sentence, have 0.768.",
           "Equation 4.4 prints L((1 − α)θ2) where (1 − α)L(θ2) is meant.",
           "Section 4.2.2 draws CKA's items once from the training and once from the validation "
           "data.",
           "Equation 4.2 simplifies BLEU's brevity penalty exp(1 − r/c) to min(1, c/r).",
       }},
      {"eida",
       "the EIDA document",
       "The document: SST-2 with roberta-base, 4 cycles; E2E with gpt2 (124 M), 16 cycles; one run "
       "each.",
       EidaPart,
       EidaClaims,
       {
           "Frozen means frozen: the published GPT-2 run also trained embeddings and LayerNorms "
           "(39,422,208 values beside the adapter's 167,936), as its code sets an attribute that "
           "freezes nothing. freeze: code does the same here.",
           "Query, key and value have no trained biases; the published code trains them and drops "
           "them when it merges.",
           "Held-out items of RoBERTa: 1,024 sentences with two tokens each (the document says "
           "2,048 "
           "data, the code takes 2,048 tokens).",
           "Sampling runs without dropout in every cycle, and never on padding.",
           "The basis is the mean direction and then the leading components of the rest, solved "
           "exactly; the document's power iteration may mix near-equal components.",
           "The input of the classifier's first map is sampled at <s> only, the only token that it "
           "sees.",
           "The LoRA row of table 2 is GPT-2 Medium's with label smoothing and another decoder: it "
           "is "
           "not like for like.",
           "METEOR of the document uses a paraphrase table; ours compares equal words and stems "
           "only "
           "and is lower by construction.",
       },
       {
           "A comment in the published code counts 151,042 trained parameters on RoBERTa; its own "
           "rank lists give 150,018.",
           "The document says 8 tokens a row on E2E; its rule gives about 14 with batches of two.",
           "The published lists deviate from the rule of 0.03 at eight places, all within 0.0025.",
           "The end of a prediction is cut by the length of the end token, also where it has none.",
       }},
  };
  return *papers;
}

const Paper* FindPaper(const std::string& id) {
  for (const Paper& paper : Papers()) {
    if (paper.id == id) return &paper;
  }
  return nullptr;
}

}  // namespace eida::report
