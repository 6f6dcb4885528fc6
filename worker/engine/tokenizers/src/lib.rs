//! A C interface to the `tokenizers` crate; eida_tokenizers.h is the contract. No panic leaves this library.

mod chunks;
mod encode;
mod frame;
mod train;

use std::ffi::{c_char, c_int, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;
use std::slice;
use std::sync::Once;

use tokenizers::ModelWrapper;

pub use encode::EidaTokenizer;
use encode::{Flat, Items};
use frame::{Frame, Truncation};

#[repr(C)]
pub struct EidaText {
    data: *const c_char,
    size: u64,
    owner: *mut c_void,
}

#[repr(C)]
pub struct EidaEncodeOptions {
    max_length: u64,
    threads: u32,
    truncation: u32,
    frame: u32,
    before: *const u32,
    before_count: u64,
    after: *const u32,
    after_count: u64,
}

#[repr(C)]
pub struct EidaEncoding {
    count: i64,
    offsets: *const i64,
    ids: *const u32,
    type_ids: *const u8,
    special: *const u8,
    owner: *mut c_void,
}

/// `size` values at `data`, which may be NULL when there are none.
unsafe fn part<'a, T>(data: *const T, size: u64) -> &'a [T] {
    if size == 0 {
        return &[];
    }
    slice::from_raw_parts(data, size as usize)
}

unsafe fn give_text(out: *mut EidaText, text: String) {
    if !out.is_null() {
        let owned = Box::new(text);
        *out = EidaText { data: owned.as_ptr().cast(), size: owned.len() as u64, owner: ptr::null_mut() };
        (*out).owner = Box::into_raw(owned).cast();
    }
}

/// Runs `work`; an error or a panic becomes a text in `error` and `None`.
unsafe fn guard<T>(error: *mut EidaText, work: impl FnOnce() -> Result<T, String>) -> Option<T> {
    // What a panic has to say is in the error; nothing else in the process is Rust.
    static SILENCE: Once = Once::new();
    SILENCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let message = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(message)) => message,
        Err(panic) => {
            let reason = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
            format!("the tokenizer panicked: {}", reason.unwrap_or_default())
        }
    };
    give_text(error, message);
    None
}

/// # Safety
/// See eida_tokenizers.h.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_open(json: *const c_char, size: u64, error: *mut EidaText) -> *mut EidaTokenizer {
    let opened = guard(error, || EidaTokenizer::open(part(json.cast(), size)));
    opened.map_or(ptr::null_mut(), |t| Box::into_raw(Box::new(t)))
}

/// # Safety
/// `tokenizer` came from eida_tokenizers_open, or is NULL.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_close(tokenizer: *mut EidaTokenizer) {
    if !tokenizer.is_null() {
        drop(Box::from_raw(tokenizer));
    }
}

/// # Safety
/// `tokenizer` is open.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_vocabulary(tokenizer: *const EidaTokenizer) -> u32 {
    guard(ptr::null_mut(), || Ok((*tokenizer).vocabulary())).unwrap_or(0)
}

/// # Safety
/// `tokenizer` is open.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_model(tokenizer: *const EidaTokenizer) -> *const c_char {
    let name = match (*tokenizer).plain.get_model() {
        ModelWrapper::BPE(_) => c"BPE",
        ModelWrapper::WordPiece(_) => c"WordPiece",
        ModelWrapper::WordLevel(_) => c"WordLevel",
        ModelWrapper::Unigram(_) => c"Unigram",
    };
    name.as_ptr()
}

/// # Safety
/// `tokenizer` is open, `token` points to `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_id(tokenizer: *const EidaTokenizer, token: *const c_char, size: u64) -> i64 {
    let id = guard(ptr::null_mut(), || {
        let token = std::str::from_utf8(part(token.cast(), size)).map_err(|e| e.to_string())?;
        Ok((*tokenizer).plain.token_to_id(token))
    });
    id.flatten().map_or(-1, i64::from)
}

/// # Safety
/// `pointers` and `sizes` have `count` values.
unsafe fn bytes<'a>(pointers: *const *const c_char, sizes: *const u64, count: u64) -> Vec<&'a [u8]> {
    let pairs = part(pointers, count).iter().zip(part(sizes, count));
    pairs.map(|(&data, &size)| part(data.cast(), size)).collect()
}

/// # Safety
/// See eida_tokenizers.h.
#[no_mangle]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn eida_tokenizers_encode(
    tokenizer: *const EidaTokenizer,
    texts: *const *const c_char,
    sizes: *const u64,
    pairs: *const *const c_char,
    pair_sizes: *const u64,
    count: i64,
    options: *const EidaEncodeOptions,
    out: *mut EidaEncoding,
    error: *mut EidaText,
) -> c_int {
    let encoded = guard(error, || {
        let (tokenizer, options, count, paired) = (&*tokenizer, &*options, count as u64, !pairs.is_null());
        let given;
        let frame = match options.frame {
            0 | 1 => tokenizer.frame(paired, options.frame == 0)?,
            2 => {
                given = Frame::given(part(options.before, options.before_count), part(options.after, options.after_count), paired);
                &given
            }
            other => return Err(format!("{other} is no frame")),
        };
        if paired && !frame.paired() {
            return Err("its post_processor takes no second text".to_string());
        }
        let items = Items {
            texts: bytes(texts, sizes, count),
            pairs: paired.then(|| bytes(pairs, pair_sizes, count)),
            frame,
            max_length: if options.max_length == 0 { usize::MAX } else { options.max_length as usize },
            truncation: match options.truncation {
                0 => Truncation::LongestFirst,
                1 => Truncation::OnlyFirst,
                2 => Truncation::OnlySecond,
                other => return Err(format!("{other} is no truncation")),
            },
        };
        tokenizer.encode(&items, options.threads as usize)
    });
    let Some(flat) = encoded else { return -1 };
    let flat = Box::new(flat);
    (*out).count = count;
    (*out).offsets = flat.offsets.as_ptr();
    (*out).ids = flat.ids.as_ptr();
    (*out).type_ids = flat.type_ids.as_ptr();
    (*out).special = flat.special.as_ptr();
    (*out).owner = Box::into_raw(flat).cast();
    0
}

/// # Safety
/// `encoding` was filled by eida_tokenizers_encode.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_free_encoding(encoding: *mut EidaEncoding) {
    if !encoding.is_null() && !(*encoding).owner.is_null() {
        drop(Box::from_raw((*encoding).owner.cast::<Flat>()));
        (*encoding).owner = ptr::null_mut();
    }
}

/// # Safety
/// See eida_tokenizers.h.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_decode(
    tokenizer: *const EidaTokenizer,
    ids: *const u32,
    count: i64,
    skip_special: c_int,
    text: *mut EidaText,
    error: *mut EidaText,
) -> c_int {
    let decoded = guard(error, || {
        (*tokenizer).plain.decode(part(ids, count as u64), skip_special != 0).map_err(|e| e.to_string())
    });
    let Some(decoded) = decoded else { return -1 };
    give_text(text, decoded);
    0
}

/// # Safety
/// See eida_tokenizers.h.
#[no_mangle]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn eida_tokenizers_train(
    json: *const c_char,
    size: u64,
    texts: *const *const c_char,
    sizes: *const u64,
    count: i64,
    vocabulary: u64,
    trained: *mut EidaText,
    error: *mut EidaText,
) -> c_int {
    let made = guard(error, || train::train(part(json.cast(), size), &bytes(texts, sizes, count as u64), vocabulary as usize));
    let Some(made) = made else { return -1 };
    give_text(trained, made);
    0
}

/// # Safety
/// `text` was filled by this library, or is NULL.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_free_text(text: *mut EidaText) {
    if !text.is_null() && !(*text).owner.is_null() {
        drop(Box::from_raw((*text).owner.cast::<String>()));
        (*text).owner = ptr::null_mut();
    }
}
