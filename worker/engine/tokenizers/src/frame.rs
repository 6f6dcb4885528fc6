//! What stands around a text's own ids, and where the texts are cut.

use std::panic::{catch_unwind, AssertUnwindSafe};

use tokenizers::tokenizer::Token;
use tokenizers::{Encoding, Tokenizer};

/// Ids that no vocabulary has: they mark the two texts in a probe of the post-processor.
const FIRST: u32 = u32::MAX - 1;
const SECOND: u32 = u32::MAX - 2;

#[derive(Clone, Debug, PartialEq)]
pub enum Slot {
    /// The ids of the first (0) or the second (1) text.
    Text { which: usize, type_id: u8 },
    Token { id: u32, type_id: u8, special: u8 },
}

/// An item as a row of slots, e.g. `[CLS] A [SEP] B [SEP]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub slots: Vec<Slot>,
    /// Tokens that the slots add, which the texts have to leave room for.
    pub added: usize,
}

impl Frame {
    /// `before A [B] after`, all of type 0: what MBartTokenizer's template looks like.
    pub fn given(before: &[u32], after: &[u32], paired: bool) -> Frame {
        let token = |&id: &u32| Slot::Token { id, type_id: 0, special: 1 };
        let mut slots: Vec<Slot> = before.iter().map(token).collect();
        slots.extend((0..=usize::from(paired)).map(|which| Slot::Text { which, type_id: 0 }));
        slots.extend(after.iter().map(token));
        Frame { slots, added: before.len() + after.len() }
    }

    /// What the file's post-processor makes of one text or of a pair, read off its own answer to texts of one marked token.
    /// All post-processors of the library only put tokens around the texts and number the segments, so that this is exact
    /// and every text after it is assembled without them.
    pub fn probe(tokenizer: &Tokenizer, paired: bool, special: bool) -> Result<Frame, String> {
        let marked = |id: u32| Encoding::from_tokens(vec![Token::new(id, String::new(), (0, 0))], u32::from(id == SECOND));
        let answer = catch_unwind(AssertUnwindSafe(|| {
            tokenizer.post_process(marked(FIRST), paired.then(|| marked(SECOND)), special).map_err(|e| e.to_string())
        }));
        let encoding = answer.map_err(|_| "its post_processor names a token that it does not define".to_string())??;
        let slot = |i: usize| {
            let type_id = encoding.get_type_ids()[i] as u8;
            match encoding.get_ids()[i] {
                FIRST => Slot::Text { which: 0, type_id },
                SECOND => Slot::Text { which: 1, type_id },
                id => Slot::Token { id, type_id, special: encoding.get_special_tokens_mask()[i] as u8 },
            }
        };
        let slots: Vec<Slot> = (0..encoding.len()).map(slot).collect();
        let added = slots.iter().filter(|s| matches!(s, Slot::Token { .. })).count();
        Ok(Frame { slots, added })
    }

    pub fn paired(&self) -> bool {
        self.slots.iter().any(|s| matches!(s, Slot::Text { which: 1, .. }))
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Truncation {
    LongestFirst,
    OnlyFirst,
    OnlySecond,
}

/// How many ids of each text are kept when both may have `room` together: `truncate_encodings` of the library, to the right.
/// The answer for a single text is the same whatever length above `room` is given.
pub fn cut(lengths: [usize; 2], paired: bool, room: usize, truncation: Truncation) -> Result<[usize; 2], String> {
    let total = lengths[0] + lengths[1];
    // The library's order: no room at all cuts everything, whatever the strategy; then nothing to do; then the strategy.
    if room == 0 {
        return Ok([0, 0]);
    }
    if total <= room {
        return Ok(lengths);
    }
    let only = |which: usize| {
        if which == 1 && !paired {
            return Err("only the second text may be cut, and there is none".to_string());
        }
        let other = lengths[1 - which];
        if other >= room {
            return Err(format!("only one text may be cut, and the other one leaves no room in {room} tokens"));
        }
        let mut kept = lengths;
        kept[which] = room - other;
        Ok(kept)
    };
    match truncation {
        Truncation::OnlyFirst => only(0),
        Truncation::OnlySecond => only(1),
        Truncation::LongestFirst if !paired => Ok([room, 0]),
        Truncation::LongestFirst => {
            let swapped = lengths[0] > lengths[1];
            let mut short = lengths[0].min(lengths[1]);
            let mut long = if short > room { short } else { short.max(room - short) };
            if short + long > room {
                short = room / 2;
                long = short + room % 2;
            }
            Ok(if swapped { [long, short] } else { [short, long] })
        }
    }
}
