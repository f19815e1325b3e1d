// Measures llama.cpp through its C library, a request a line on stdin, a JSON answer a line on stdout.
//
//   llama_peer run BACKEND.so MODEL.gguf THREADS     answers "decode STREAMS CONTEXT STEPS" and "prefill TOKENS RUNS";
//                                                    "own" for BACKEND.so where the library was built with one;
//                                                    after "probe " without trying out how attention is best computed
//   llama_peer backends FILE.so...                   prints the files that this processor can run, the library's choice first
//   llama_peer quantize IN.gguf OUT.gguf FTYPE       writes the checkpoint quantised, every matrix in the same type
//
// An answer counts what llama_decode and llama_synchronize take; the choice of a token is left out.

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "llama.h"

enum { CHUNK = 512, WARM = 4, TRIAL = 12, FORMS = 4 };

// Two settings of a context change how attention is computed; which one is faster depends on the case.
struct form {
  bool flash;
  bool unified;
};

static const struct form FORM[FORMS] = {{false, false}, {true, false}, {false, true}, {true, true}};

static struct llama_model *model;
static int vocabulary;
static int threads;
static struct ggml_threadpool *pool;

static void fail(const char *what) {
  printf("{\"error\":\"%s\"}\n", what);
  exit(1);
}

static double millis(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

// What else the machine does makes times longer, never shorter.
static double least(const double *values, int count) {
  double result = values[0];
  for (int i = 1; i < count; i++) {
    if (values[i] < result) result = values[i];
  }
  return result;
}

// The same tokens in every contestant.
static llama_token token_of(int stream, int position) {
  return (llama_token)((stream * 7919LL + position * 104729LL + 13) % vocabulary);
}

static void quiet(enum ggml_log_level level, const char *text, void *data) {
  (void)data;
  if (level >= GGML_LOG_LEVEL_WARN && level != GGML_LOG_LEVEL_CONT) fputs(text, stderr);
}

static struct llama_context *context_of(int streams, int tokens, struct form form) {
  struct llama_context_params params = llama_context_default_params();
  int room = (tokens + 255) / 256 * 256;
  params.n_ctx = (uint32_t)streams * room;
  params.n_batch = CHUNK;
  params.n_ubatch = CHUNK;
  params.n_seq_max = streams;
  params.n_threads = threads;
  params.n_threads_batch = threads;
  params.flash_attn_type = form.flash ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.kv_unified = form.unified;
  params.no_perf = true;
  struct llama_context *context = llama_init_from_model(model, params);
  if (context == NULL) fail("no context of that size");
  if (pool != NULL) llama_attach_threadpool(context, pool, pool);
  return context;
}

static void add(struct llama_batch *batch, llama_token token, int position, int stream, bool logits) {
  int i = batch->n_tokens++;
  batch->token[i] = token;
  batch->pos[i] = position;
  batch->n_seq_id[i] = 1;
  batch->seq_id[i][0] = stream;
  batch->logits[i] = logits;
}

static double run(struct llama_context *context, struct llama_batch batch) {
  double start = millis();
  if (llama_decode(context, batch) != 0) fail("llama_decode failed");
  llama_synchronize(context);
  return millis() - start;
}

// Runs a prompt in chunks; the last token's logits come out.
static double prompt(struct llama_context *context, struct llama_batch *batch, int count) {
  double total = 0;
  for (int from = 0; from < count; from += CHUNK) {
    batch->n_tokens = 0;
    int end = from + CHUNK < count ? from + CHUNK : count;
    for (int i = from; i < end; i++) add(batch, token_of(0, i), i, 0, i == count - 1);
    total += run(context, *batch);
  }
  return total;
}

static int best_token(struct llama_context *context) {
  const float *logits = llama_get_logits_ith(context, -1);
  int best = 0;
  for (int i = 1; i < vocabulary; i++) {
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}

// The KV of a prompt, so that each stream and each round gets it without computing it again. A context
// takes it from one of the same form and number of streams.
struct kept {
  int streams;
  int tokens;
  struct form form;
  size_t size;
  uint8_t *data;
  struct kept *next;
};
static struct kept *kept;

static bool same(struct form a, struct form b) { return a.flash == b.flash && a.unified == b.unified; }

static struct kept *kept_of(int streams, int tokens, struct form form) {
  struct kept *kv = kept;
  while (kv != NULL && (kv->streams != streams || kv->tokens != tokens || !same(kv->form, form))) kv = kv->next;
  return kv;
}

// Forgets the KV of forms that lost.
static void drop_others(int streams, int tokens, struct form form) {
  for (struct kept **at = &kept; *at != NULL;) {
    struct kept *kv = *at;
    if (kv->streams == streams && kv->tokens == tokens && !same(kv->form, form)) {
      *at = kv->next;
      free(kv->data);
      free(kv);
    } else {
      at = &kv->next;
    }
  }
}

static void fill(struct llama_context *context, struct llama_batch *batch, int streams, int tokens, struct form form) {
  struct kept *kv = kept_of(streams, tokens, form);
  int first = 0;
  if (kv == NULL) {
    prompt(context, batch, tokens);
    size_t size = llama_state_seq_get_size(context, 0);
    uint8_t *data = malloc(size);
    kv = malloc(sizeof *kv);
    if (data == NULL || kv == NULL) fail("no memory");
    *kv = (struct kept){streams, tokens, form, size, data, kept};
    if (llama_state_seq_get_data(context, data, size, 0) == 0) fail("KV not saved");
    kept = kv;
    first = 1;
  }
  for (int s = first; s < streams; s++) {
    if (llama_state_seq_set_data(context, kv->data, kv->size, s) == 0) fail("KV not restored");
  }
}

static void decode(struct form form, int streams, int tokens, int steps, double *out) {
  struct llama_context *context = context_of(streams, tokens + steps + WARM, form);
  struct llama_batch batch = llama_batch_init(CHUNK, 0, 1);
  fill(context, &batch, streams, tokens, form);
  for (int i = 0; i < steps + WARM; i++) {
    batch.n_tokens = 0;
    for (int s = 0; s < streams; s++) add(&batch, token_of(s, tokens + i), tokens + i, s, true);
    double took = run(context, batch);
    if (i >= WARM) out[i - WARM] = took;
  }
  llama_batch_free(batch);
  llama_free(context);
}

static int prefill(struct form form, int tokens, int runs, double *out) {
  struct llama_context *context = context_of(1, tokens, form);
  struct llama_batch batch = llama_batch_init(CHUNK, 0, 1);
  for (int i = -1; i < runs; i++) {
    llama_memory_clear(llama_get_memory(context), false);
    double took = prompt(context, &batch, tokens);
    if (i >= 0) out[i] = took;
  }
  int token = best_token(context);
  llama_batch_free(batch);
  llama_free(context);
  return token;
}

// The faster form of a case, tried out when it first comes.
static struct form form_of(int streams, int tokens) {
  static struct { int streams, tokens; struct form form; } known[64];
  static int count;
  for (int i = 0; i < count; i++) {
    if (known[i].streams == streams && known[i].tokens == tokens) return known[i].form;
  }
  double best = 0;
  struct form chosen = FORM[0];
  for (int i = 0; i < FORMS; i++) {
    // One buffer for all makes each stream look at the KV of all; never faster where that is much.
    if (FORM[i].unified && (streams <= 1 || (long)streams * tokens > 16384)) continue;
    double took[TRIAL];
    if (streams > 0) {
      decode(FORM[i], streams, tokens, TRIAL, took);
    } else {
      prefill(FORM[i], tokens, 3, took);
    }
    double fastest = least(took, streams > 0 ? TRIAL : 3);
    if (best == 0 || fastest < best) {
      best = fastest;
      chosen = FORM[i];
    }
  }
  drop_others(streams, tokens, chosen);
  if (count < 64) {
    known[count].streams = streams;
    known[count].tokens = tokens;
    known[count++].form = chosen;
  }
  return chosen;
}

static void answer(const double *values, int count, struct form form, int token) {
  printf("{\"millis\":[");
  for (int i = 0; i < count; i++) printf("%s%.4f", i > 0 ? "," : "", values[i]);
  printf("],");
  if (token >= 0) printf("\"token\":%d,", token);
  printf("\"settings\":{\"flashAttention\":\"%s\",\"unifiedKv\":\"%s\"}}\n", form.flash ? "on" : "off",
         form.unified ? "on" : "off");
  fflush(stdout);
}

static void describe(ggml_backend_reg_t backend, const char *file) {
  ggml_backend_get_features_t features =
      (ggml_backend_get_features_t)ggml_backend_reg_get_proc_address(backend, "ggml_backend_get_features");
  const char *name = strrchr(file, '/');
  printf("{\"settings\":{\"version\":\"llama.cpp %s\",\"backend\":\"%s\",\"threads\":\"%d\",\"batchThreads\":\"%d\","
         "\"buildFlags\":\"",
         llama_version(), name == NULL ? file : name + 1, threads, threads);
  for (struct ggml_backend_feature *f = features == NULL ? NULL : features(backend); f != NULL && f->name != NULL; f++) {
    if (strcmp(f->value, "0") != 0) printf("%s ", f->name);
  }
  printf("\",\"threadPool\":\"%s\"}}\n", pool == NULL ? "one per step" : "kept");
  fflush(stdout);
}

static void serve(const char *backend_file, const char *file) {
  bool own = strcmp(backend_file, "own") == 0;
  ggml_backend_reg_t backend = own ? ggml_backend_reg_by_name("CPU") : ggml_backend_load(backend_file);
  if (backend == NULL) fail("the backend does not load");
  struct llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = 0;
  model = llama_model_load_from_file(file, params);
  if (model == NULL) fail("the checkpoint does not load");
  vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
  struct ggml_threadpool *(*make)(struct ggml_threadpool_params *) =
      (struct ggml_threadpool * (*)(struct ggml_threadpool_params *))
          ggml_backend_reg_get_proc_address(backend, "ggml_threadpool_new");
  struct ggml_threadpool_params pool_params = ggml_threadpool_params_default(threads);
  if (make != NULL) pool = make(&pool_params);
  describe(backend, backend_file);
  char line[256];
  int a, b, c;
  while (fgets(line, sizeof line, stdin) != NULL) {
    bool probe = strncmp(line, "probe ", 6) == 0;
    const char *request = probe ? line + 6 : line;
    if (sscanf(request, "decode %d %d %d", &a, &b, &c) == 3 && a > 0 && a <= CHUNK && b > 0 && c > 0) {
      double values[c];
      struct form form = probe ? FORM[1] : form_of(a, b);
      decode(form, a, b, c, values);
      answer(values, c, form, -1);
    } else if (sscanf(request, "prefill %d %d", &a, &b) == 2 && a > 0 && b > 0) {
      double values[b];
      struct form form = probe ? FORM[1] : form_of(0, a);
      int token = prefill(form, a, b, values);
      answer(values, b, form, token);
    } else {
      fail("not a request");
    }
  }
}

static int score(const char *file) {
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  int (*scored)(void) = library == NULL ? NULL : (int (*)(void))dlsym(library, "ggml_backend_score");
  return scored == NULL ? 0 : scored();
}

static void backends(int count, char **files) {
  for (;;) {
    int best = 0, most = 0;
    for (int i = 0; i < count; i++) {
      int points = files[i] == NULL ? 0 : score(files[i]);
      if (points > most) {
        most = points;
        best = i;
      }
    }
    if (most == 0) return;
    puts(files[best]);
    files[best] = NULL;
  }
}

int main(int count, char **arguments) {
  llama_log_set(quiet, NULL);
  if (count > 2 && strcmp(arguments[1], "backends") == 0) {
    backends(count - 2, arguments + 2);
  } else if (count == 5 && strcmp(arguments[1], "quantize") == 0) {
    struct llama_model_quantize_params params = llama_model_quantize_default_params();
    params.ftype = (enum llama_ftype)atoi(arguments[4]);
    params.pure = true;
    return (int)llama_model_quantize(arguments[2], arguments[3], &params);
  } else if (count == 5 && strcmp(arguments[1], "run") == 0) {
    threads = atoi(arguments[4]);
    serve(arguments[2], arguments[3]);
  } else {
    fputs("see the first lines of llama_peer.c\n", stderr);
    return 2;
  }
  return 0;
}
