//! A batch of texts to flat arrays of ids, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use tokenizers::{PostProcessorWrapper, Tokenizer};

use crate::chunks::{separable, Chunks, Memory};
use crate::frame::{cut, Frame, Slot, Truncation};

pub struct EidaTokenizer {
    /// Without padding, truncation and post-processor: texts to their own ids, and ids to text.
    pub plain: Tokenizer,
    /// [paired][special]: what the file's post-processor puts around texts.
    frames: [[Result<Frame, String>; 2]; 2],
    separable: bool,
    memories: Mutex<Vec<Memory>>,
    vocabulary: OnceLock<u32>,
}

/// The ids of items one after another: item i has [offsets[i], offsets[i + 1]).
#[derive(Default)]
pub struct Flat {
    pub offsets: Vec<i64>,
    pub ids: Vec<u32>,
    pub type_ids: Vec<u8>,
    pub special: Vec<u8>,
}

/// The items of one call; `pair(i)` is None without pairs. Texts are bytes until they are seen to be UTF-8.
pub struct Items<'a> {
    pub texts: Vec<&'a [u8]>,
    pub pairs: Option<Vec<&'a [u8]>>,
    pub frame: &'a Frame,
    /// Tokens of an item, the frame's included; usize::MAX for no limit.
    pub max_length: usize,
    pub truncation: Truncation,
}

type Failure = (usize, String);

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|e| {
        let at = e.valid_up_to();
        format!("not UTF-8 at byte {at} (0x{:02x})", bytes[at])
    })
}

impl EidaTokenizer {
    pub fn open(json: &[u8]) -> Result<EidaTokenizer, String> {
        let mut plain = Tokenizer::from_bytes(json).map_err(|e| e.to_string())?;
        // Files often carry the padding and truncation of the day they were saved; both are the caller's choice here.
        plain.with_padding(None);
        plain.with_truncation(None).map_err(|e| e.to_string())?;
        let frames = [false, true].map(|paired| [false, true].map(|special| Frame::probe(&plain, paired, special)));
        plain.with_post_processor(None::<PostProcessorWrapper>);
        let separable = separable(&plain);
        Ok(EidaTokenizer { plain, frames, separable, memories: Mutex::default(), vocabulary: OnceLock::new() })
    }

    pub fn frame(&self, paired: bool, special: bool) -> Result<&Frame, String> {
        self.frames[usize::from(paired)][usize::from(special)].as_ref().map_err(String::clone)
    }

    pub fn vocabulary(&self) -> u32 {
        *self.vocabulary.get_or_init(|| self.plain.get_vocab(true).values().max().map_or(0, |id| id + 1))
    }

    /// Appends the ids of one text; may stop once there are more than `enough`.
    fn text(&self, text: &str, enough: usize, memory: &mut Memory, out: &mut Vec<u32>) -> Result<(), String> {
        let ids = |part: &str| self.plain.encode_fast(part, false).map(|e| e.get_ids().to_vec()).map_err(|e| e.to_string());
        if !self.separable {
            out.extend(ids(text)?);
            return Ok(());
        }
        for chunk in Chunks::new(text) {
            memory.append(chunk, out, || ids(chunk))?;
            if out.len() > enough {
                break;
            }
        }
        Ok(())
    }

    fn item(&self, items: &Items, i: usize, memory: &mut Memory, own: &mut [Vec<u32>; 2], flat: &mut Flat) -> Result<(), String> {
        let room = if items.max_length == usize::MAX {
            usize::MAX
        } else {
            items.max_length.checked_sub(items.frame.added).ok_or_else(|| {
                format!("max_length is {}, and {} special tokens are added", items.max_length, items.frame.added)
            })?
        };
        own[0].clear();
        own[1].clear();
        // Of a pair both lengths are needed: which text is the longer one decides who keeps an odd token.
        let enough = if items.pairs.is_some() { usize::MAX } else { room };
        self.text(utf8(items.texts[i])?, enough, memory, &mut own[0])?;
        if let Some(pairs) = &items.pairs {
            let pair = utf8(pairs[i]).map_err(|e| format!("second text: {e}"))?;
            self.text(pair, enough, memory, &mut own[1])?;
        }
        let kept = cut([own[0].len(), own[1].len()], items.pairs.is_some(), room, items.truncation)?;
        for slot in &items.frame.slots {
            match *slot {
                Slot::Text { which, type_id } => {
                    flat.ids.extend_from_slice(&own[which][..kept[which]]);
                    flat.type_ids.resize(flat.ids.len(), type_id);
                    flat.special.resize(flat.ids.len(), 0);
                }
                Slot::Token { id, type_id, special } => {
                    flat.ids.push(id);
                    flat.type_ids.push(type_id);
                    flat.special.push(special);
                }
            }
        }
        flat.offsets.push(flat.ids.len() as i64);
        Ok(())
    }

    /// Works on blocks of items until none is left; block b of the answer is (b, its items).
    fn work(&self, items: &Items, blocks: &[usize], next: &AtomicUsize) -> Result<Vec<(usize, Flat)>, Failure> {
        let mut memory = self.memories.lock().ok().and_then(|mut m| m.pop()).unwrap_or_default();
        let (mut own, mut done) = ([Vec::new(), Vec::new()], Vec::new());
        loop {
            let b = next.fetch_add(1, Ordering::Relaxed);
            if b + 1 >= blocks.len() {
                break;
            }
            let mut flat = Flat::default();
            for i in blocks[b]..blocks[b + 1] {
                self.item(items, i, &mut memory, &mut own, &mut flat).map_err(|e| (i, e))?;
            }
            done.push((b, flat));
        }
        if let Ok(mut memories) = self.memories.lock() {
            memories.push(memory);
        }
        Ok(done)
    }

    /// The error names the first item that cannot be encoded.
    pub fn encode(&self, items: &Items, threads: usize) -> Result<Flat, String> {
        let blocks = blocks(items);
        let next = AtomicUsize::new(0);
        let others = threads.min(blocks.len() - 1).saturating_sub(1);
        // Blocks are begun in order, and a thread only stops at an error of its own, so the first of them all is found.
        let results: Vec<Result<Vec<(usize, Flat)>, Failure>> = std::thread::scope(|scope| {
            let spawned: Vec<_> = (0..others).map(|_| scope.spawn(|| self.work(items, &blocks, &next))).collect();
            let mut all = vec![self.work(items, &blocks, &next)];
            all.extend(spawned.into_iter().map(|h| h.join().unwrap_or_else(|_| Err((0, "the tokenizer panicked".to_string())))));
            all
        });
        let (mut done, mut failures) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(part) => done.extend(part),
                Err(failure) => failures.push(failure),
            }
        }
        if let Some((item, reason)) = failures.into_iter().min() {
            return Err(format!("item {item}: {reason}"));
        }
        done.sort_by_key(|(b, _)| *b);
        Ok(joined(done, items.texts.len()))
    }
}

/// Where blocks of about equal work begin, and the end: threads that meet a long text are not waited for.
fn blocks(items: &Items) -> Vec<usize> {
    const BYTES: usize = 1 << 15;
    let (mut begins, mut bytes) = (vec![0], 0);
    for i in 0..items.texts.len() {
        bytes += items.texts[i].len() + items.pairs.as_ref().map_or(0, |p| p[i].len()) + 16;
        if bytes >= BYTES && i + 1 < items.texts.len() {
            begins.push(i + 1);
            bytes = 0;
        }
    }
    begins.push(items.texts.len());
    begins
}

fn joined(parts: Vec<(usize, Flat)>, items: usize) -> Flat {
    let total = parts.iter().map(|(_, f)| f.ids.len()).sum();
    let mut all = Flat {
        offsets: Vec::with_capacity(items + 1),
        ids: Vec::with_capacity(total),
        type_ids: Vec::with_capacity(total),
        special: Vec::with_capacity(total),
    };
    all.offsets.push(0);
    for (_, part) in parts {
        let base = all.ids.len() as i64;
        all.offsets.extend(part.offsets.iter().map(|end| base + end));
        all.ids.extend(part.ids);
        all.type_ids.extend(part.type_ids);
        all.special.extend(part.special);
    }
    all
}
