//! A C interface to the `tokenizers` crate; eida_tokenizers.h is the contract. No panic leaves this library.

use std::ffi::{c_char, c_int, c_void, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::slice;

use tokenizers::{EncodeInput, Encoding, Tokenizer, TruncationParams, TruncationStrategy};

pub struct EidaTokenizer {
    plain: Tokenizer,
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

/// What `EidaEncoding::owner` points to: the vectors that the other fields look into.
struct Flat {
    offsets: Vec<i64>,
    ids: Vec<u32>,
    type_ids: Vec<u8>,
    special: Vec<u8>,
}

fn set_error(error: *mut *mut c_char, message: &str) {
    if !error.is_null() {
        let text = CString::new(message.replace('\0', " ")).unwrap_or_default();
        unsafe { *error = text.into_raw() };
    }
}

/// Runs `work`; an error or a panic becomes a text in `error` and `None`.
fn guard<T>(error: *mut *mut c_char, work: impl FnOnce() -> Result<T, String>) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Some(value),
        Ok(Err(message)) => {
            set_error(error, &message);
            None
        }
        Err(_) => {
            set_error(error, "the tokenizer panicked");
            None
        }
    }
}

/// # Safety
/// `data` points to `size` readable bytes.
unsafe fn text<'a>(data: *const c_char, size: u64) -> Result<&'a str, String> {
    let bytes = slice::from_raw_parts(data.cast::<u8>(), size as usize);
    std::str::from_utf8(bytes).map_err(|e| format!("text is not UTF-8 at byte {}", e.valid_up_to()))
}

/// # Safety
/// See eida_tokenizers.h.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_open(
    json: *const c_char,
    size: u64,
    error: *mut *mut c_char,
) -> *mut EidaTokenizer {
    let opened = guard(error, || {
        let bytes = slice::from_raw_parts(json.cast::<u8>(), size as usize);
        let mut plain = Tokenizer::from_bytes(bytes).map_err(|e| e.to_string())?;
        // Files often carry the padding and truncation of the day they were saved; both are the caller's choice here.
        plain.with_padding(None);
        plain.with_truncation(None).map_err(|e| e.to_string())?;
        Ok(EidaTokenizer { plain })
    });
    opened.map_or(std::ptr::null_mut(), |t| Box::into_raw(Box::new(t)))
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
    let vocabulary = (*tokenizer).plain.get_vocab(true);
    vocabulary.values().max().map_or(0, |id| id + 1)
}

/// # Safety
/// `tokenizer` is open, `token` is a NUL-terminated text.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_id(tokenizer: *const EidaTokenizer, token: *const c_char) -> i64 {
    let token = std::ffi::CStr::from_ptr(token).to_string_lossy();
    (*tokenizer).plain.token_to_id(&token).map_or(-1, i64::from)
}

fn flatten(encodings: Vec<Encoding>) -> Flat {
    let total: usize = encodings.iter().map(Encoding::len).sum();
    let mut flat = Flat {
        offsets: Vec::with_capacity(encodings.len() + 1),
        ids: Vec::with_capacity(total),
        type_ids: Vec::with_capacity(total),
        special: Vec::with_capacity(total),
    };
    flat.offsets.push(0);
    for encoding in &encodings {
        flat.ids.extend_from_slice(encoding.get_ids());
        flat.type_ids.extend(encoding.get_type_ids().iter().map(|&t| t as u8));
        flat.special.extend(encoding.get_special_tokens_mask().iter().map(|&s| s as u8));
        flat.offsets.push(flat.ids.len() as i64);
    }
    flat
}

fn encode_all(tokenizer: &Tokenizer, inputs: Vec<EncodeInput>, threads: usize) -> Result<Vec<Encoding>, String> {
    let encode = |part: Vec<EncodeInput>| -> Result<Vec<Encoding>, String> {
        part.into_iter().map(|input| tokenizer.encode(input, true).map_err(|e| e.to_string())).collect()
    };
    if threads <= 1 || inputs.len() < 64 {
        return encode(inputs);
    }
    let size = inputs.len().div_ceil(threads);
    let mut parts: Vec<Vec<EncodeInput>> = Vec::new();
    let mut rest = inputs.into_iter();
    loop {
        let part: Vec<EncodeInput> = rest.by_ref().take(size).collect();
        if part.is_empty() {
            break;
        }
        parts.push(part);
    }
    std::thread::scope(|scope| {
        let handles: Vec<_> = parts.into_iter().map(|part| scope.spawn(|| encode(part))).collect();
        let mut all = Vec::new();
        for handle in handles {
            all.extend(handle.join().map_err(|_| "a tokenizer thread panicked".to_string())??);
        }
        Ok(all)
    })
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
    max_length: u32,
    threads: u32,
    out: *mut EidaEncoding,
    error: *mut *mut c_char,
) -> c_int {
    let encoded = guard(error, || {
        let mut inputs = Vec::with_capacity(count as usize);
        for i in 0..count as usize {
            let first = text(*texts.add(i), *sizes.add(i)).map_err(|e| format!("item {i}: {e}"))?;
            inputs.push(if pairs.is_null() {
                EncodeInput::Single(first.into())
            } else {
                let second = text(*pairs.add(i), *pair_sizes.add(i)).map_err(|e| format!("item {i}: {e}"))?;
                EncodeInput::Dual(first.into(), second.into())
            });
        }
        let all = if max_length == 0 {
            encode_all(&(*tokenizer).plain, inputs, threads as usize)?
        } else {
            let mut truncating = (*tokenizer).plain.clone();
            truncating
                .with_truncation(Some(TruncationParams {
                    max_length: max_length as usize,
                    strategy: TruncationStrategy::LongestFirst,
                    ..Default::default()
                }))
                .map_err(|e| e.to_string())?;
            encode_all(&truncating, inputs, threads as usize)?
        };
        Ok(flatten(all))
    });
    let Some(flat) = encoded else { return -1 };
    let flat = Box::new(flat);
    (*out).count = count;
    (*out).offsets = flat.offsets.as_ptr();
    (*out).ids = flat.ids.as_ptr();
    (*out).type_ids = flat.type_ids.as_ptr();
    (*out).special = flat.special.as_ptr();
    (*out).owner = Box::into_raw(flat).cast::<c_void>();
    0
}

/// # Safety
/// `encoding` was filled by eida_tokenizers_encode.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_free_encoding(encoding: *mut EidaEncoding) {
    if !encoding.is_null() && !(*encoding).owner.is_null() {
        drop(Box::from_raw((*encoding).owner.cast::<Flat>()));
        (*encoding).owner = std::ptr::null_mut();
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
    result: *mut *mut c_char,
    error: *mut *mut c_char,
) -> c_int {
    let decoded = guard(error, || {
        let ids = slice::from_raw_parts(ids, count as usize);
        let text = (*tokenizer).plain.decode(ids, skip_special != 0).map_err(|e| e.to_string())?;
        CString::new(text.replace('\0', "")).map_err(|e| e.to_string())
    });
    let Some(decoded) = decoded else { return -1 };
    *result = decoded.into_raw();
    0
}

/// # Safety
/// `text` came from this library, or is NULL.
#[no_mangle]
pub unsafe extern "C" fn eida_tokenizers_free_text(text: *mut c_char) {
    if !text.is_null() {
        drop(CString::from_raw(text));
    }
}
