package dev.outcrop.models.text;

import static dev.outcrop.models.files.CheckpointFile.invalid;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.files.CheckpointFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * One tokenizer of the Hugging Face library behind DJL's binding. The native object does not change
 * after it was made, so any number of threads may encode at once; closing waits for them, since a
 * handle that is used after it was freed takes the process down. A call pins the carrier of a
 * virtual thread for its time: about 0.3 us per token.
 *
 * <p>The binding's own tokenizer class is not used: it truncates, pads, reports home, and frees the
 * handle in a finalizer.
 */
final class NativeTokenizer implements AutoCloseable {
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final long handle;
  private boolean closed;

  /**
   * Makes a tokenizer.
   *
   * @param file for messages
   * @param json the text of a tokenizer.json
   */
  NativeTokenizer(Path file, String json) {
    loadLibrary();
    try {
      handle = TokenizersLibrary.LIB.createTokenizerFromString(json);
    } catch (RuntimeException e) {
      String problem = CheckpointFile.show(String.valueOf(e.getMessage()));
      throw invalid(file, "is refused by the tokenizers library: " + problem);
    }
  }

  /** Where a token comes from, in code points of the text. */
  record Span(int start, int end) {}

  /** Tells about each token of a text. */
  interface TokenSink {
    /** Takes the next token; the span covers what the token was made of. */
    void token(long id, Span span);
  }

  /** The ids of a text without lone surrogates. */
  long[] encode(String text) {
    Lock reading = lock.readLock();
    reading.lock();
    try {
      long encoding = encoding(text);
      try {
        return TokenizersLibrary.LIB.getTokenIds(encoding);
      } finally {
        TokenizersLibrary.LIB.deleteEncoding(encoding);
      }
    } finally {
      reading.unlock();
    }
  }

  /** The ids of a text with their spans; several times slower. */
  void encode(String text, TokenSink sink) {
    Lock reading = lock.readLock();
    reading.lock();
    try {
      long encoding = encoding(text);
      try {
        long[] ids = TokenizersLibrary.LIB.getTokenIds(encoding);
        CharSpan[] spans = TokenizersLibrary.LIB.getTokenCharSpans(encoding);
        for (int i = 0; i < ids.length; i++) {
          // The binding gives null for a token without characters.
          CharSpan span = spans[i];
          sink.token(
              ids[i], span == null ? new Span(0, 0) : new Span(span.getStart(), span.getEnd()));
        }
      } finally {
        TokenizersLibrary.LIB.deleteEncoding(encoding);
      }
    } finally {
      reading.unlock();
    }
  }

  /**
   * A text, or a pair of texts, with the special tokens of the tokenizer's template.
   *
   * @param second null for a text alone
   */
  EncoderTokenizer.Encoded encodeInTemplate(String text, @Nullable String second) {
    Lock reading = lock.readLock();
    reading.lock();
    try {
      requireOpen();
      long encoding =
          second == null
              ? TokenizersLibrary.LIB.encode(handle, text, true)
              : TokenizersLibrary.LIB.encodeDual(handle, text, second, true);
      try {
        return new EncoderTokenizer.Encoded(
            ints(TokenizersLibrary.LIB.getTokenIds(encoding)),
            ints(TokenizersLibrary.LIB.getTypeIds(encoding)));
      } finally {
        TokenizersLibrary.LIB.deleteEncoding(encoding);
      }
    } finally {
      reading.unlock();
    }
  }

  private static int[] ints(long[] values) {
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the tokenizer is closed");
    }
  }

  private long encoding(String text) {
    requireOpen();
    return TokenizersLibrary.LIB.encode(handle, text, false);
  }

  @Override
  public void close() {
    Lock writing = lock.writeLock();
    writing.lock();
    try {
      if (!closed) {
        closed = true;
        TokenizersLibrary.LIB.deleteTokenizer(handle);
      }
    } finally {
      writing.unlock();
    }
  }

  /** The binding unpacks its library into the cache directory of DJL, once per machine. */
  private static void loadLibrary() {
    // It would download another one on GPU hosts unless told otherwise.
    setUnlessSet("ai.djl.offline", "true");
    setUnlessSet("RUST_FLAVOR", "cpu");
    try {
      LibUtils.checkStatus();
    } catch (RuntimeException | LinkageError e) {
      throw new OutcropException(
          ModelError.ENGINE_DEAD,
          "the native tokenizers library cannot be loaded; its cache directory (DJL_CACHE_DIR, else"
              + " .djl.ai in the home directory) has to be writable and to allow execution",
          e);
    }
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null && System.getenv(property) == null) {
      System.setProperty(property, value);
    }
  }
}
