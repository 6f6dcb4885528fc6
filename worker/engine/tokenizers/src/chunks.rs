//! Texts in chunks whose ids do not depend on one another, and a memory of the ids of chunks.
//!
//! Words repeat, and normalising and cutting them is nearly all of the library's time. For the tokenizers that
//! `separable` knows, the ids of a text are the ids of its chunks one after another, each as the library gives them.

use std::collections::HashMap;

use tokenizers::pre_tokenizers::metaspace::PrependScheme;
use tokenizers::{ModelWrapper, NormalizerWrapper, PreTokenizerWrapper, Tokenizer};

/// Letters and signs that are visible, no marks, no white space, and stay so when normalised: no grapheme, no composition and
/// no run of white space reaches from one of them over a single space to another. Other characters only make chunks longer.
fn plain(c: char) -> bool {
    matches!(c, '!'..='~' | '\u{C0}'..='\u{24F}' | '\u{391}'..='\u{481}' | '\u{48A}'..='\u{52F}' | '\u{621}'..='\u{63A}'
        | '\u{641}'..='\u{64A}' | '\u{905}'..='\u{939}' | '\u{E01}'..='\u{E2E}' | '\u{3041}'..='\u{3096}'
        | '\u{30A1}'..='\u{30FA}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

/// Cuts a text before each single space that stands between two plain characters.
pub struct Chunks<'a> {
    rest: &'a str,
}

impl<'a> Chunks<'a> {
    pub fn new(text: &'a str) -> Chunks<'a> {
        Chunks { rest: text }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        for at in 1..bytes.len() {
            if bytes[at] == b' '
                && self.rest[..at].chars().next_back().is_some_and(plain)
                && self.rest[at + 1..].chars().next().is_some_and(plain)
            {
                let (chunk, rest) = self.rest.split_at(at);
                self.rest = rest;
                return Some(chunk);
            }
        }
        Some(std::mem::take(&mut self.rest))
    }
}

/// Normalizers that change characters one by one, or within a grapheme, and the ends of a text at most by white space.
fn local_normalizer(normalizer: &NormalizerWrapper) -> bool {
    match normalizer {
        NormalizerWrapper::Sequence(all) => all.as_ref().iter().all(local_normalizer),
        NormalizerWrapper::StripNormalizer(strip) => !strip.strip_left,
        NormalizerWrapper::Replace(replace) => {
            serde_json::to_value(replace).is_ok_and(|v| v["pattern"]["Regex"] == " {2,}")
        }
        NormalizerWrapper::NFC(_)
        | NormalizerWrapper::NFD(_)
        | NormalizerWrapper::NFKC(_)
        | NormalizerWrapper::NFKD(_)
        | NormalizerWrapper::Lowercase(_)
        | NormalizerWrapper::StripAccents(_)
        | NormalizerWrapper::Nmt(_)
        | NormalizerWrapper::Precompiled(_) => true,
        _ => false,
    }
}

/// Pre-tokenizers that cut at every single space and look no further than the piece that begins there.
fn local_pre_tokenizer(pre_tokenizer: &PreTokenizerWrapper) -> bool {
    match pre_tokenizer {
        PreTokenizerWrapper::Sequence(all) => !all.as_ref().is_empty() && all.as_ref().iter().all(local_pre_tokenizer),
        PreTokenizerWrapper::ByteLevel(bytes) => bytes.use_regex,
        PreTokenizerWrapper::Metaspace(meta) => meta.split && meta.prepend_scheme != PrependScheme::First,
        PreTokenizerWrapper::BertPreTokenizer(_) | PreTokenizerWrapper::WhitespaceSplit(_) => true,
        _ => false,
    }
}

/// Whether the ids of every text are the ids of its chunks.
pub fn separable(tokenizer: &Tokenizer) -> bool {
    let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() else { return false };
    let normalizer = match tokenizer.get_normalizer() {
        None => true,
        // It puts spaces around Chinese characters, which only a pre-tokenizer that drops all white space may see.
        Some(NormalizerWrapper::BertNormalizer(_)) => matches!(pre_tokenizer, PreTokenizerWrapper::BertPreTokenizer(_)),
        Some(other) => local_normalizer(other),
    };
    let model = match tokenizer.get_model() {
        ModelWrapper::BPE(bpe) => bpe.dropout.is_none_or(|p| p == 0.0),
        ModelWrapper::WordPiece(_) | ModelWrapper::WordLevel(_) | ModelWrapper::Unigram(_) => true,
    };
    // A token that the text may spell out must not reach over a space.
    let added = tokenizer.get_added_tokens_decoder().values().all(|token| {
        let visible = if token.normalized {
            token.content.chars().all(|c| c.is_ascii_graphic())
        } else {
            !token.content.contains(' ')
        };
        visible && !token.rstrip
    });
    normalizer && model && added && local_pre_tokenizer(pre_tokenizer)
}

/// Ids of chunks that were seen. One belongs to one thread at a time; it starts again when it is full.
#[derive(Default)]
pub struct Memory {
    places: HashMap<Box<str>, (u32, u32)>,
    ids: Vec<u32>,
}

impl Memory {
    const CHUNKS: usize = 100_000;
    /// Bytes; longer chunks hardly come twice.
    const LONGEST: usize = 64;

    /// Adds the ids of `chunk` to `out`, from memory or as `encode` gives them.
    pub fn append<E>(&mut self, chunk: &str, out: &mut Vec<u32>, encode: impl FnOnce() -> Result<Vec<u32>, E>) -> Result<(), E> {
        if let Some(&(begin, end)) = self.places.get(chunk) {
            out.extend_from_slice(&self.ids[begin as usize..end as usize]);
            return Ok(());
        }
        let ids = encode()?;
        out.extend_from_slice(&ids);
        if chunk.len() <= Self::LONGEST {
            if self.places.len() >= Self::CHUNKS {
                self.places.clear();
                self.ids.clear();
            }
            let begin = self.ids.len() as u32;
            self.ids.extend_from_slice(&ids);
            self.places.insert(chunk.into(), (begin, self.ids.len() as u32));
        }
        Ok(())
    }
}
