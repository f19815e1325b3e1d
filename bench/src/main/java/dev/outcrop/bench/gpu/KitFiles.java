package dev.outcrop.bench.gpu;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.models.loading.GpuKit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A kit as it lies in its folder: kit.json, and the files that it names with their hashes. Read by
 * bench/gpu/kit.py, which takes the same {@link #VERSION} only.
 */
final class KitFiles {
  /** Counts changes of what kit.json says. */
  static final int VERSION = 1;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MODEL = "model.pt";

  private final Path folder;
  private final Map<String, Object> kit = new LinkedHashMap<>();
  private final List<Map<String, Object>> checks = new ArrayList<>();
  private final Set<String> names = new TreeSet<>();
  private long bytes;

  KitFiles(Path folder, Map<String, Object> about) {
    this.folder = folder;
    kit.put("kit", VERSION);
    kit.putAll(about);
  }

  /** Where a checkpoint is copied to. */
  Path place(Path checkpoint) {
    return folder.resolve("checks").resolve(checkpoint.toAbsolutePath().normalize().getFileName());
  }

  /** Bytes of all files, after {@link #close}. */
  long bytes() {
    return bytes;
  }

  /** Writes the program that is measured. */
  void model(KitCases.Program program) throws IOException {
    kit.put("device", program.kit().device());
    kit.put("kvTokens", program.kvTokens());
    write(MODEL, program.kit().archive());
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("archive", MODEL);
    model.put("load", calls(program.kit().drawn()));
    model.put("cases", program.cases().stream().map(KitFiles::described).toList());
    kit.put("model", model);
  }

  private static Map<String, Object> described(KitCases.Case one) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("case", one.name());
    described.put("kind", one.kind().name().toLowerCase(Locale.ROOT));
    described.put("rows", one.rows());
    described.put("context", one.context());
    described.put("distinct", one.distinct());
    described.put("bytes", one.bytes());
    described.put("flops", one.flops());
    described.put("fill", calls(one.fill()));
    described.put("step", call(one.step()));
    return described;
  }

  /** Writes a check, whose checkpoint was copied to its place. */
  void check(KitCheck check) throws IOException {
    String place = "checks/" + check.name();
    try (Stream<Path> files = Files.list(folder.resolve(place))) {
      files.forEach(file -> names.add(place + "/" + file.getFileName()));
    }
    write(place + "/program.pt", check.kit().archive());
    ByteBuffer logits =
        ByteBuffer.allocate(Float.BYTES * check.logits().length).order(ByteOrder.LITTLE_ENDIAN);
    logits.asFloatBuffer().put(check.logits());
    write(place + "/expected.f32", logits.array());
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("check", check.name());
    described.put("folder", place);
    described.put("archive", place + "/program.pt");
    described.put("expected", place + "/expected.f32");
    described.put("load", check.load().stream().map(this::relative).map(KitFiles::call).toList());
    described.put("sequences", check.sequences());
    List<Map<String, Object>> steps = new ArrayList<>();
    for (KitCheck.Step step : check.steps()) {
      steps.add(Map.of("step", step.name(), "call", call(step.call()), "after", step.after()));
    }
    described.put("steps", steps);
    checks.add(described);
  }

  /** A file is named as the kit has it, wherever that is carried. */
  private GpuKit.Call relative(GpuKit.Call call) {
    if (!call.method().equals("map_file")) {
      return call;
    }
    Path file = Path.of((String) call.arguments().getFirst());
    List<Object> arguments = new ArrayList<>(call.arguments());
    arguments.set(0, folder.relativize(file).toString());
    return new GpuKit.Call(call.method(), arguments);
  }

  private static List<List<Object>> calls(List<GpuKit.Call> calls) {
    return calls.stream().map(KitFiles::call).toList();
  }

  /** The method and its arguments; a tensor is an object, to tell it from a list of lists. */
  private static List<Object> call(GpuKit.Call call) {
    List<Object> values = new ArrayList<>();
    values.add(call.method());
    for (Object argument : call.arguments()) {
      values.add(argument instanceof long[][] ? Map.of("int64", argument) : argument);
    }
    return values;
  }

  private void write(String name, byte[] content) throws IOException {
    Files.write(folder.resolve(name), content);
    names.add(name);
  }

  /** Writes kit.json, last of all. */
  void close() throws IOException {
    Map<String, Object> files = new LinkedHashMap<>();
    for (String name : names) {
      byte[] content = Files.readAllBytes(folder.resolve(name));
      bytes += content.length;
      files.put(name, sha256(content));
    }
    kit.put("files", files);
    kit.put("checks", checks);
    byte[] text = JSON.writeValueAsBytes(kit);
    bytes += text.length;
    Files.write(folder.resolve("kit.json"), text);
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }
}
