import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;

/**
 * What a build of the images needs beyond Jib, for build.sh: native libraries taken out of their
 * jars, and a run of the server that says which classes its start needs. Run from source.
 */
final class Images {
  private static final String NATIVE = "opt/outcrop/native";
  private static final Pattern LISTENING =
      Pattern.compile("serving .* on (http://\\S+:\\d+), management on port (\\d+)");
  private static final String QUESTION =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"What is 17 plus 25?\"}]}],"
          + "\"inferenceConfig\":{\"maxTokens\":8}}";

  public static void main(String[] arguments) throws Exception {
    List<String> rest = Arrays.asList(arguments).subList(1, arguments.length);
    switch (arguments[0]) {
      case "natives" -> natives(Path.of(rest.get(0)), rest.get(1), rest.get(2), jars(rest.get(3)));
      case "train" -> train(Path.of(rest.get(0)), rest.subList(1, rest.size()));
      default -> throw new IllegalArgumentException("natives or train, not " + arguments[0]);
    }
  }

  private static List<Path> jars(String classPath) {
    return Arrays.stream(classPath.split(":")).map(Path::of).toList();
  }

  // --- natives -----------------------------------------------------------------------------------

  /**
   * Lays out the folders that become layers: native (of every flavour), native-cpu, native-cuda,
   * native-neuron (libtorch where it is ours, and DJL's glue to it), libs (a jar without natives).
   * Takes away what else is in them: versions are in the names of files, so that those of another
   * one would stay.
   */
  private static void natives(Path out, String version, String djl, List<Path> jars)
      throws IOException {
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    String platform = arm ? "linux-aarch64" : "linux-x86_64";
    Path torch = Path.of(NATIVE, "pytorch", version + "-cpu-" + platform);
    Path cuda = Path.of(NATIVE, "pytorch", version + "-cu128-" + platform);
    String glue = djl + "-libdjl_torch.so";
    Set<Path> made = new HashSet<>();
    try (JarFile libtorch = jar(jars, "pytorch-native-cpu-");
        JarFile jni = jar(jars, "pytorch-jni-");
        JarFile tokenizers = jar(jars, "tokenizers-");
        JarFile jna = jar(jars, "jna-")) {
      List<JarEntry> libraries =
          libtorch.stream().filter(e -> e.getName().matches("pytorch/cpu/.+\\.so.*")).toList();
      for (JarEntry library : libraries) {
        String name = library.getName();
        made.add(
            copy(
                libtorch,
                name,
                out.resolve("native-cpu")
                    .resolve(torch)
                    .resolve(name.substring(name.lastIndexOf('/') + 1))));
      }
      for (String flavour : List.of("cpu", "neuron")) {
        made.add(
            copy(
                jni,
                "jnilib/" + platform + "/cpu/libdjl_torch.so",
                out.resolve("native-" + flavour).resolve(torch).resolve(glue)));
      }
      if (!arm) {
        made.add(
            copy(
                jni,
                "jnilib/" + platform + "/cu128/libdjl_torch.so",
                out.resolve("native-cuda").resolve(cuda).resolve(glue)));
      }
      Path shared = out.resolve("native").resolve(NATIVE);
      made.add(
          copy(
              tokenizers,
              "native/lib/" + platform + "/cpu/libtokenizers.so",
              shared.resolve("tokenizers/libtokenizers.so")));
      made.add(
          copy(
              jna,
              "com/sun/jna/" + (arm ? "linux-aarch64" : "linux-x86-64") + "/libjnidispatch.so",
              shared.resolve("jna/libjnidispatch.so")));
      made.add(strip(tokenizers, out.resolve("libs/app/libs/tokenizers.jar")));
    }
    for (String layer : List.of("native", "native-cpu", "native-cuda", "native-neuron", "libs")) {
      removeOthers(out.resolve(layer), made);
    }
  }

  /** Deletes all files of a folder but some, and folders that are empty then. */
  private static void removeOthers(Path folder, Set<Path> kept) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(folder)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      boolean folderInUse = Files.isDirectory(path) && path.toFile().list().length > 0;
      if (!folderInUse && !kept.contains(path)) {
        Files.delete(path);
      }
    }
  }

  private static JarFile jar(List<Path> jars, String prefix) throws IOException {
    for (Path jar : jars) {
      if (jar.getFileName().toString().startsWith(prefix)) {
        return new JarFile(jar.toFile());
      }
    }
    throw new IllegalArgumentException("there is no jar whose name starts with " + prefix);
  }

  private static Path copy(JarFile jar, String name, Path file) throws IOException {
    Files.createDirectories(file.getParent());
    JarEntry entry = jar.getJarEntry(name);
    if (entry == null) {
      throw new IllegalArgumentException("there is no %s in %s".formatted(name, jar.getName()));
    }
    // A file that is left as it is keeps the layer that Jib made of it.
    if (Files.exists(file) && Files.size(file) == entry.getSize() && crc(file) == entry.getCrc()) {
      return file;
    }
    try (InputStream in = jar.getInputStream(entry);
        OutputStream to = Files.newOutputStream(file)) {
      in.transferTo(to);
    }
    return file;
  }

  private static long crc(Path file) throws IOException {
    try (CheckedInputStream in = new CheckedInputStream(Files.newInputStream(file), new CRC32())) {
      in.transferTo(OutputStream.nullOutputStream());
      return in.getChecksum().getValue();
    }
  }

  /** A jar without the native libraries of all platforms; the same bytes for the same jar. */
  private static Path strip(JarFile jar, Path file) throws IOException {
    Files.createDirectories(file.getParent());
    try (JarOutputStream to = new JarOutputStream(Files.newOutputStream(file))) {
      for (JarEntry entry : jar.stream().sorted(Comparator.comparing(JarEntry::getName)).toList()) {
        if (entry.isDirectory() || entry.getName().matches("native/lib/[^/]+/.+")) {
          continue;
        }
        JarEntry kept = new JarEntry(entry.getName());
        kept.setTimeLocal(entry.getTimeLocal());
        to.putNextEntry(kept);
        try (InputStream in = jar.getInputStream(entry)) {
          in.transferTo(to);
        }
        to.closeEntry();
      }
    }
    return file;
  }

  // --- training ----------------------------------------------------------------------------------

  /**
   * Runs a server on any free ports, sends it one request of each kind, and ends it as Kubernetes
   * does.
   *
   * @param model the checkpoint to serve
   * @param command the JVM, its options and the main class
   */
  private static void train(Path model, List<String> command) throws Exception {
    Path config = Files.createTempFile("outcrop", ".yaml");
    Files.writeString(
        config,
        """
        http: {port: 0}
        management: {port: 0}
        models: [{id: demo, path: "%s", kv-memory: 64MB}]
        """
            .formatted(model.toAbsolutePath()));
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of("serve", "--config", config.toString()));
    Process server =
        new ProcessBuilder(all).redirectErrorStream(true).redirectInput(Path.of("/dev/null").toFile()).start();
    List<String> lines = new ArrayList<>();
    try (Stream<String> output = server.inputReader(StandardCharsets.UTF_8).lines()) {
      for (String line : (Iterable<String>) output::iterator) {
        lines.add(line);
        Matcher at = LISTENING.matcher(line);
        if (at.find()) {
          ask(URI.create(at.group(1)), Integer.parseInt(at.group(2)));
          server.toHandle().destroy(); // leaves its output open
        }
      }
      if (!server.waitFor(60, TimeUnit.SECONDS) || server.exitValue() != 0) {
        throw new IllegalStateException(
            "the training run ended with an error:\n" + String.join("\n", lines));
      }
    } finally {
      server.destroyForcibly();
      Files.delete(config);
    }
  }

  private static void ask(URI api, int management) throws IOException, InterruptedException {
    URI probes = URI.create("http://127.0.0.1:" + management);
    for (HttpClient.Version version : HttpClient.Version.values()) {
      try (HttpClient client = HttpClient.newBuilder().version(version).build()) {
        for (String path : List.of("/livez", "/readyz", "/metrics")) {
          send(client, HttpRequest.newBuilder(probes.resolve(path)).build());
        }
        for (String path : List.of("/model/demo/converse", "/model/demo/converse-stream")) {
          send(
              client,
              HttpRequest.newBuilder(api.resolve(path))
                  .header("content-type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString(QUESTION))
                  .build());
        }
      }
    }
  }

  private static void send(HttpClient client, HttpRequest request)
      throws IOException, InterruptedException {
    HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      throw new UncheckedIOException(
          new IOException(request.uri() + " answered " + response.statusCode()));
    }
  }
}
