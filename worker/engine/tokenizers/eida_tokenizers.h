/* The Hugging Face `tokenizers` crate behind a C interface; the static library is built by
 * deploy/bootstrap.sh. Handles may be used by several threads at once; no function panics, throws or
 * keeps a pointer of the caller's. What a function fills is freed with the function named there. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct EidaTokenizer EidaTokenizer;

/* Bytes of UTF-8 that may hold NULs; freed with eida_tokenizers_free_text. */
typedef struct EidaText {
  const char* data;
  uint64_t size;
  void* owner; /* not for callers */
} EidaText;

/* What stands around the texts of an item. */
enum {
  EIDA_FRAME_OF_FILE = 0, /* the special tokens of tokenizer.json's post_processor */
  EIDA_FRAME_NONE = 1,    /* add_special_tokens=False */
  EIDA_FRAME_GIVEN = 2    /* before A [B] after */
};
/* Which text gives way when an item is longer than max_length; always at its end. */
enum {
  EIDA_TRUNCATE_LONGEST_FIRST = 0,
  EIDA_TRUNCATE_ONLY_FIRST = 1,
  EIDA_TRUNCATE_ONLY_SECOND = 2
};

typedef struct EidaEncodeOptions {
  uint64_t max_length; /* tokens of an item, special ones included; 0 = no limit */
  uint32_t threads;    /* 1 = the caller's own */
  uint32_t truncation; /* EIDA_TRUNCATE_.. */
  uint32_t frame;      /* EIDA_FRAME_.. */
  const uint32_t* before; /* [before_count], of EIDA_FRAME_GIVEN; so is after */
  uint64_t before_count;
  const uint32_t* after;
  uint64_t after_count;
} EidaEncodeOptions;

/* Ids of a batch in one flat array: item i has ids[offsets[i] .. offsets[i + 1]). The other arrays
 * run in step with ids. Freed with eida_tokenizers_free_encoding. */
typedef struct EidaEncoding {
  int64_t count;           /* items */
  const int64_t* offsets;  /* [count + 1] */
  const uint32_t* ids;     /* [offsets[count]] */
  const uint8_t* type_ids; /* segment of each token */
  const uint8_t* special;  /* 1 for tokens of the frame ([CLS], </s>, language codes); 0 for those that a text spells out */
  void* owner;             /* not for callers */
} EidaEncoding;

/* tokenizer.json's bytes -> handle; its padding and truncation are left out. NULL with *error filled. */
EidaTokenizer* eida_tokenizers_open(const char* json, uint64_t size, EidaText* error);
void eida_tokenizers_close(EidaTokenizer* tokenizer);
/* Ids run below this number (added tokens included). Found at the first call and kept. */
uint32_t eida_tokenizers_vocabulary(const EidaTokenizer* tokenizer);
/* "WordPiece", "BPE", "Unigram" or "WordLevel"; not freed. */
const char* eida_tokenizers_model(const EidaTokenizer* tokenizer);
/* The id of a token, or -1. */
int64_t eida_tokenizers_id(const EidaTokenizer* tokenizer, const char* token, uint64_t size);

/* Encodes `count` texts, each with a second one when `pairs` is not NULL; never padded. Control
 * characters and NULs are content. Returns 0, or -1 with *error filled: it names the first item that
 * is not UTF-8, has no room within max_length, or cannot be cut as asked. */
int eida_tokenizers_encode(const EidaTokenizer* tokenizer, const char* const* texts,
                           const uint64_t* sizes, const char* const* pairs,
                           const uint64_t* pair_sizes, int64_t count,
                           const EidaEncodeOptions* options, EidaEncoding* out, EidaText* error);
void eida_tokenizers_free_encoding(EidaEncoding* encoding);

/* ids -> text. Ids that no token has are left out; bytes that are not UTF-8 become U+FFFD. Returns 0,
 * or -1 with *error filled. */
int eida_tokenizers_decode(const EidaTokenizer* tokenizer, const uint32_t* ids, int64_t count,
                           int skip_special, EidaText* text, EidaText* error);

/* Learns a vocabulary from `count` texts. `json`: a tokenizer.json (WordPiece, BPE or Unigram) whose model has none yet; its
 * added tokens take the first ids. `trained` gets the same with a vocabulary of at most `vocabulary` tokens, those included;
 * equal texts give equal bytes. Returns 0, or -1 with *error filled: no words, or no room for the alphabet. */
int eida_tokenizers_train(const char* json, uint64_t size, const char* const* texts,
                          const uint64_t* sizes, int64_t count, uint64_t vocabulary,
                          EidaText* trained, EidaText* error);
void eida_tokenizers_free_text(EidaText* text);

#ifdef __cplusplus
}
#endif
