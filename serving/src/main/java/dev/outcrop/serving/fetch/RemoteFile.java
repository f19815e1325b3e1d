package dev.outcrop.serving.fetch;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * One object of a checkpoint.
 *
 * @param name its path below the prefix, with slashes; safe to use below a folder
 * @param key its key in the bucket
 * @param size its bytes
 * @param etag what S3 calls this version of it
 */
record RemoteFile(String name, String key, long size, String etag) {
  /**
   * Weights in formats that the server does not read, which often lie beside those that it does.
   */
  private static final List<String> UNREAD =
      List.of(
          ".bin",
          ".pt",
          ".pth",
          ".ckpt",
          ".h5",
          ".msgpack",
          ".onnx",
          ".onnx_data",
          ".gguf",
          ".ot",
          ".tflite",
          ".mlmodel",
          ".npz");

  private static final Pattern SAFE = Pattern.compile("[^\\p{Cntrl}\\\\:]+");

  RemoteFile {
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.startsWith(".") || !SAFE.matcher(part).matches()) {
        throw new OutcropException(
            ServingError.CONFIG_INVALID,
            "an object's name below the prefix, '%s', cannot be a file's"
                .formatted(name.replaceAll("\\p{Cntrl}", "?")));
      }
    }
  }

  /** Whether the server has any use for it. */
  static boolean wanted(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return UNREAD.stream().noneMatch(lower::endsWith);
  }

  /**
   * Whether some part of the path is hidden, as in {@code .cache/}; such are no part of a model.
   */
  static boolean hidden(String name) {
    return name.startsWith(".") || name.contains("/.");
  }
}
