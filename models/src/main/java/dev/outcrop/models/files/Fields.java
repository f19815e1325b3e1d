package dev.outcrop.models.files;

import static dev.outcrop.models.files.CheckpointFile.show;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Typed and bounded access to the fields of a JSON object of a checkpoint. An absent field and a
 * null are told apart where transformers does.
 *
 * @param file for messages
 * @param prefix the path of the object within the file, empty or ending in a dot
 * @param node the object
 */
public record Fields(Path file, String prefix, JsonNode node) {
  private static final long MAX_BYTES = 4_000_000;

  /** Reads a file that holds one JSON object. */
  public static Fields read(Path file) {
    return new Fields(file, "", CheckpointFile.object(file, MAX_BYTES));
  }

  /** The same of bytes at hand; the file is for messages. */
  public static Fields parse(Path file, byte[] json) {
    return new Fields(file, "", CheckpointFile.object(file, json));
  }

  /** Whether the field is there and not null. */
  public boolean has(String name) {
    return node.hasNonNull(name);
  }

  /** Whether the field is there, be it null. */
  public boolean mentions(String name) {
    return node.has(name);
  }

  /** A whole number that has to be there. */
  public int integer(String name, int low, int high) {
    if (!has(name)) {
      throw invalid(name, "is missing");
    }
    return integer(name, node.get(name), low, high);
  }

  /** A whole number, or what stands for an absent one. */
  public int integer(String name, int low, int high, int absent) {
    return has(name) ? integer(name, low, high) : absent;
  }

  private int integer(String name, JsonNode value, int low, int high) {
    // Some writers save whole numbers as 8192.0.
    boolean whole =
        value.isIntegralNumber()
            || (value.isFloatingPointNumber() && value.doubleValue() == value.longValue());
    double number = value.doubleValue();
    if (!whole || !(number >= low) || !(number <= high)) {
      throw invalid(
          name, "is %s, must be an integer from %d to %d".formatted(shown(value), low, high));
    }
    return (int) number;
  }

  /** A number that has to be there. */
  public double number(String name, double low, double high) {
    if (!has(name)) {
      throw invalid(name, "is missing");
    }
    return number(name, node.get(name), low, high);
  }

  private double number(String name, JsonNode value, double low, double high) {
    double number = value.doubleValue();
    if (!value.isNumber() || !(number >= low) || !(number <= high)) {
      throw invalid(
          name, "is %s, must be a number from %s to %s".formatted(shown(value), low, high));
    }
    return number;
  }

  /** A number, or what stands for an absent one. */
  public double number(String name, double low, double high, double absent) {
    return has(name) ? number(name, low, high) : absent;
  }

  /** True or false, or what stands for an absent one. */
  public boolean flag(String name, boolean absent) {
    if (!has(name)) {
      return absent;
    }
    JsonNode value = node.get(name);
    if (!value.isBoolean()) {
      throw invalid(name, "is %s, must be true or false".formatted(shown(value)));
    }
    return value.booleanValue();
  }

  /** A string, or what stands for an absent one. */
  public String text(String name, String absent) {
    if (!has(name)) {
      return absent;
    }
    JsonNode value = node.get(name);
    if (!value.isTextual()) {
      throw invalid(name, "is %s, must be a string".formatted(shown(value)));
    }
    return value.textValue();
  }

  /** One id or a list of ids; none where the field is absent or null. */
  public List<Integer> ids(String name, int high) {
    List<Integer> ids = new ArrayList<>();
    if (has(name)) {
      JsonNode value = node.get(name);
      if (value.isArray() && value.size() > 1_000) {
        throw invalid(name, "has more than 1000 entries");
      }
      if (value.isArray()) {
        value.forEach(id -> ids.add(integer(name, id, 0, high)));
      } else if (value.isIntegralNumber() && value.longValue() == -1) {
        // Llama 1 and other old configs write -1 for none.
        return List.of();
      } else {
        ids.add(integer(name, value, 0, high));
      }
    }
    return ids;
  }

  /** A list of strings; empty where the field is absent or null. */
  public List<String> texts(String name, int most) {
    List<String> texts = new ArrayList<>();
    if (has(name)) {
      JsonNode value = node.get(name);
      if (!value.isArray() || value.size() > most) {
        throw invalid(name, "must be a list of at most %d strings".formatted(most));
      }
      for (JsonNode entry : value) {
        if (!entry.isTextual()) {
          throw invalid(name, "holds %s, must hold strings".formatted(shown(entry)));
        }
        texts.add(entry.textValue());
      }
    }
    return texts;
  }

  /** A list of numbers, which has to be there. */
  public List<Double> numbers(String name, double low, double high, int most) {
    if (!has(name) || !node.get(name).isArray() || node.get(name).size() > most) {
      throw invalid(name, "must be a list of at most %d numbers".formatted(most));
    }
    List<Double> numbers = new ArrayList<>();
    node.get(name).forEach(value -> numbers.add(number(name, value, low, high)));
    return numbers;
  }

  /** An object, or null where the field is absent, null or an empty object. */
  public @Nullable Fields object(String name) {
    if (!has(name) || (node.get(name).isObject() && node.get(name).isEmpty())) {
      return null;
    }
    if (!node.get(name).isObject()) {
      throw invalid(name, "is %s, must be an object".formatted(shown(node.get(name))));
    }
    return new Fields(file, prefix + name + ".", node.get(name));
  }

  /** The error for a field that breaks the format. */
  public OutcropException invalid(String name, String problem) {
    return CheckpointFile.invalid(file, prefix + name + " " + problem);
  }

  /** The error for a field that asks for what is not supported. */
  public OutcropException unsupported(String name, String found, String supported) {
    return new OutcropException(
        ModelError.CHECKPOINT_UNSUPPORTED,
        "%s: %s%s is %s; supported: %s".formatted(file, prefix, name, show(found), supported));
  }

  private static String shown(JsonNode value) {
    return value.isContainerNode() ? value.getNodeType().name() : show(value.toString());
  }
}
