//! Learns the vocabulary of a tokenizer from texts. The library's trainers keep words in maps of random order, which decides
//! ties; here equal texts give equal bytes, on any machine.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{json, Value};
use tokenizers::models::bpe::BpeTrainer;
use tokenizers::models::unigram::{Unigram, UnigramTrainer};
use tokenizers::models::wordpiece::WordPieceTrainer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Model, ModelWrapper, PreTokenizerWrapper, Tokenizer, Trainer};

type Words = BTreeMap<String, u32>;

/// Not a character of any text.
const END: char = '\u{FFFF}';

/// Takes the words that a trainer would be fed, and trains nothing.
struct Listener {
    words: Words,
}

impl Trainer for Listener {
    type Model = ModelWrapper;

    fn should_show_progress(&self) -> bool {
        false
    }

    fn train(&self, _: &mut ModelWrapper) -> tokenizers::Result<Vec<AddedToken>> {
        Ok(Vec::new())
    }

    fn feed<I, S, F>(&mut self, texts: I, process: F) -> tokenizers::Result<()>
    where
        I: Iterator<Item = S> + Send,
        S: AsRef<str> + Send,
        F: Fn(&str) -> tokenizers::Result<Vec<String>> + Sync,
    {
        for text in texts {
            for word in process(text.as_ref())? {
                *self.words.entry(word).or_default() += 1;
            }
        }
        Ok(())
    }
}

fn has_byte_level(pre_tokenizer: &PreTokenizerWrapper) -> bool {
    match pre_tokenizer {
        PreTokenizerWrapper::ByteLevel(_) => true,
        PreTokenizerWrapper::Sequence(all) => all.as_ref().iter().any(has_byte_level),
        _ => false,
    }
}

fn fed<T: Trainer>(trainer: &mut T, words: &Words, model: &mut T::Model) -> tokenizers::Result<()> {
    let every = words.iter().flat_map(|(word, &count)| std::iter::repeat_n(word, count as usize));
    trainer.feed(every, |word| Ok(vec![word.to_string()]))?;
    trainer.train(model).map(|_| ())
}

/// Characters that no piece stands for alone get the scores least, least + 0.0001, .. from the library, in the order of a map: here
/// in their own order. Pieces then stand by score and text; those with an end mark are left out.
fn settle(model: &Unigram, special: usize) -> tokenizers::Result<Unigram> {
    const STEP: f64 = 0.0001;
    let mut pieces: Vec<(String, f64)> = model.iter().skip(special).filter(|(piece, _)| !piece.contains(END)).cloned().collect();
    let least = pieces.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min);
    let given = |(piece, score): &(String, f64)| {
        let steps = (score - least) / STEP;
        piece.chars().count() == 1 && (steps - steps.round()).abs() < 1e-6
    };
    let (mut chars, mut rest): (Vec<_>, Vec<_>) = pieces.drain(..).partition(given);
    let mut scores: Vec<f64> = chars.iter().map(|(_, score)| *score).collect();
    scores.sort_by(f64::total_cmp);
    chars.sort_by(|(a, _), (b, _)| a.cmp(b));
    rest.extend(chars.into_iter().zip(scores).map(|((piece, _), score)| (piece, score)));
    rest.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| a.cmp(b)));
    let first = model.iter().take(special).cloned();
    Unigram::from(first.chain(rest).collect(), unknown(model), model.byte_fallback()).map_err(|e| e.to_string().into())
}

fn unknown(model: &Unigram) -> Option<usize> {
    serde_json::to_value(model).ok()?["unk_id"].as_u64().map(|id| id as usize)
}

/// `json`: a tokenizer.json whose model has no vocabulary yet and whose added tokens, all special, take the first ids. The same with
/// a vocabulary of at most `size` tokens, those included.
pub fn train(json: &[u8], texts: &[&[u8]], size: usize) -> Result<String, String> {
    let mut skeleton: Value = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let mut tokenizer = Tokenizer::from_bytes(json).map_err(|e| e.to_string())?;
    let mut special: Vec<(u32, AddedToken)> = tokenizer.get_added_tokens_decoder().into_iter().collect();
    special.sort_by_key(|(id, _)| *id);
    let mut special: Vec<AddedToken> = special.into_iter().map(|(_, token)| token).collect();
    let texts: Vec<&str> = texts.iter().map(|text| std::str::from_utf8(text).map_err(|e| e.to_string())).collect::<Result<_, _>>()?;
    let mut listener = Listener { words: Words::new() };
    tokenizer.train(&mut listener, texts.into_iter()).map_err(|e| e.to_string())?;
    let words = listener.words;
    if words.is_empty() {
        return Err("the texts have no words".to_string());
    }

    let mut model = tokenizer.get_model().clone();
    let mut alphabet: BTreeSet<char> = words.keys().flat_map(|word| word.chars()).collect();
    if tokenizer.get_pre_tokenizer().is_some_and(has_byte_level) {
        alphabet.extend(ByteLevel::alphabet());
    }
    // WordPiece has two tokens of a character that stands both first and further in words.
    let inner: BTreeSet<char> = match model {
        ModelWrapper::WordPiece(_) => words.keys().flat_map(|word| word.chars().skip(1)).collect(),
        _ => BTreeSet::new(),
    };
    let least = special.len() + alphabet.len() + inner.len() + 1;
    if size < least {
        return Err(format!(
            "a vocabulary of {size} has no room for {} special tokens and an alphabet of {}: it needs {least} or more",
            special.len(),
            alphabet.len() + inner.len()
        ));
    }
    let letters: HashSet<char> = alphabet.into_iter().collect();
    let trained = match &mut model {
        ModelWrapper::WordPiece(model) => {
            // Named here, these tokens get their ids before the trainer meets them in words.
            special.extend(inner.iter().map(|c| AddedToken::from(format!("##{c}"), false)));
            let mut trainer =
                WordPieceTrainer::builder().vocab_size(size).special_tokens(special).initial_alphabet(letters).show_progress(false).build();
            fed(&mut trainer, &words, model)
        }
        ModelWrapper::BPE(model) => {
            let mut trainer = BpeTrainer::builder().vocab_size(size).special_tokens(special).initial_alphabet(letters).show_progress(false).build();
            fed(&mut trainer, &words, model)
        }
        ModelWrapper::Unigram(model) => {
            let count = special.len();
            let unk = skeleton["model"]["unk_id"].as_u64().and_then(|id| special.get(id as usize)).map(|token| token.content.clone());
            let trainer = UnigramTrainer::builder()
                .vocab_size(size as u32 + 1)
                .special_tokens(special)
                .unk_token(unk)
                .show_progress(false)
                .build()
                .map_err(|e| e.to_string())?;
            // One thread: the sums of several depend on how many they are.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(|e| e.to_string())?;
            // A piece is considered where it goes on in two ways. So that whole words are, each stands once more with an end mark.
            let mut sentences: Vec<(String, u32)> = words.iter().map(|(word, &n)| (word.clone(), n)).collect();
            sentences.extend(words.keys().map(|word| (format!("{word}{END}"), 1)));
            let done = pool.install(|| trainer.do_train(sentences, model));
            done.and_then(|_| settle(model, count)).map(|settled| *model = settled)
        }
        ModelWrapper::WordLevel(_) => return Err("a WordLevel model is not trained here".to_string()),
    };
    trained.map_err(|e| e.to_string())?;
    if model.get_vocab_size() > size {
        return Err(format!("the trainer made {} tokens of {size}", model.get_vocab_size()));
    }
    skeleton["model"] = serde_json::to_value(&model).map_err(|e| e.to_string())?;
    if skeleton["version"].is_null() {
        skeleton["version"] = json!("1.0");
    }
    Ok(skeleton.to_string())
}
