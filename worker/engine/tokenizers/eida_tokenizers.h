/* The Hugging Face `tokenizers` crate behind a C interface; the static library is built by
 * deploy/bootstrap.sh. Handles may be used by several threads at once; every returned pointer is
 * freed with its own free function. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct EidaTokenizer EidaTokenizer;

/* Ids of a batch in one flat array: text i has ids[offsets[i] .. offsets[i + 1]). The other arrays
 * run in step with ids. */
typedef struct EidaEncoding {
  int64_t count;           /* texts */
  const int64_t* offsets;  /* [count + 1] */
  const uint32_t* ids;     /* [offsets[count]] */
  const uint8_t* type_ids; /* segment of each token */
  const uint8_t*
      special; /* 1 for tokens that the template added ([CLS], [SEP], </s>, language codes) */
  void* owner; /* not for callers */
} EidaEncoding;

/* tokenizer.json's bytes -> handle. NULL on failure; then *error is a text to free with
 * eida_tokenizers_free_text. */
EidaTokenizer* eida_tokenizers_open(const char* json, uint64_t size, char** error);
void eida_tokenizers_close(EidaTokenizer* tokenizer);
/* Ids run below this number (added tokens included). */
uint32_t eida_tokenizers_vocabulary(const EidaTokenizer* tokenizer);
/* The id of a token, or -1. */
int64_t eida_tokenizers_id(const EidaTokenizer* tokenizer, const char* token);

/* Encodes `count` texts, each with a pair when `pairs` is not NULL, special tokens added, truncated
 * (longest first) to max_length tokens (0 = no limit), never padded. UTF-8 with explicit sizes, so
 * control characters and NULs are content. Runs on `threads` threads (1 = the caller's own).
 * Returns 0, or -1 with *error set. */
int eida_tokenizers_encode(const EidaTokenizer* tokenizer, const char* const* texts,
                           const uint64_t* sizes, const char* const* pairs,
                           const uint64_t* pair_sizes, int64_t count, uint32_t max_length,
                           uint32_t threads, EidaEncoding* out, char** error);
void eida_tokenizers_free_encoding(EidaEncoding* encoding);

/* ids -> text; *text is freed with eida_tokenizers_free_text. Returns 0, or -1 with *error set. */
int eida_tokenizers_decode(const EidaTokenizer* tokenizer, const uint32_t* ids, int64_t count,
                           int skip_special, char** text, char** error);
void eida_tokenizers_free_text(char* text);

#ifdef __cplusplus
}
#endif
