package dev.outcrop.models.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive: a zip of the program text, a pickle that makes one object of its
 * class, and the format's version. It holds no weights; the program is given them after loading.
 *
 * <p>The object's attributes and their types are read off the class text, so that the text is the
 * only place that names them. Lists begin empty, optionals as None, numbers as 0.
 *
 * <p>The layout is PyTorch's own (torch/csrc/jit/serialization, docs/serialization.md).
 */
final class TorchArchive {
  /** Version 3 and below would make the importer change what integer division does. */
  private static final String VERSION = "10\n";

  private TorchArchive() {}

  /**
   * Writes an archive.
   *
   * @param program text with one class, whose attributes stand before its first method
   */
  static byte[] write(String program) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      record(zip, "version", VERSION.getBytes(StandardCharsets.US_ASCII));
      record(zip, "data.pkl", object(program));
      record(zip, "constants.pkl", new Pickle().emptyTuple().end());
      record(zip, "code/__torch__.py", program.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void record(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry("program/" + name));
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] object(String program) {
    String name = className(program);
    Pickle pickle = new Pickle();
    pickle.global("__torch__", name).emptyTuple().op(0x81).op('}').op('(');
    attributes(program)
        .forEach(
            (attribute, type) -> {
              pickle.text(attribute);
              initial(pickle, type);
            });
    return pickle.op('u').op('b').end();
  }

  private static void initial(Pickle pickle, String type) {
    if (type.startsWith("List[")) {
      pickle.global("torch.jit._pickle", "restore_type_tag").op('(').op(']').text(type);
      pickle.op('t').op('R');
    } else if (type.startsWith("Optional[")) {
      pickle.op('N');
    } else if (type.equals("bool")) {
      pickle.op(0x89);
    } else if (type.equals("int")) {
      pickle.op('K').op(0);
    } else {
      throw new IllegalArgumentException("no initial value for attributes of type " + type);
    }
  }

  private static String className(String program) {
    return program
        .lines()
        .filter(line -> line.startsWith("class "))
        .map(line -> line.substring("class ".length(), line.indexOf('(')))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("the program has no class"));
  }

  private static Map<String, String> attributes(String program) {
    Map<String, String> attributes = new LinkedHashMap<>();
    program
        .lines()
        .dropWhile(line -> !line.startsWith("class "))
        .takeWhile(line -> !line.startsWith("  def "))
        .filter(line -> line.matches("  \\w+ : .*"))
        .forEach(
            line -> {
              int colon = line.indexOf(" : ");
              attributes.put(line.substring(2, colon), line.substring(colon + 3).strip());
            });
    return attributes;
  }

  /** The few opcodes of pickle protocol 2 that PyTorch's own unpickler knows and we need. */
  private static final class Pickle {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Pickle() {
      op(0x80).op(2);
    }

    Pickle op(int code) {
      bytes.write(code);
      return this;
    }

    Pickle global(String module, String name) {
      op('c').bytes.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
      return this;
    }

    Pickle text(String value) {
      byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
      op('X');
      for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
        op(utf8.length >>> shift & 0xff);
      }
      bytes.writeBytes(utf8);
      return this;
    }

    Pickle emptyTuple() {
      return op(')');
    }

    byte[] end() {
      return op('.').bytes.toByteArray();
    }
  }
}
