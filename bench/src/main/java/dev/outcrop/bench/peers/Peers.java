package dev.outcrop.bench.peers;

import dev.outcrop.bench.peers.Contestant.Entrant;
import dev.outcrop.bench.peers.Trials.Candidate;
import dev.outcrop.bench.peers.Trials.Found;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to come by each peer.
 *
 * @param setup gets what they need
 * @param checkpoint what they run
 * @param threads how many each may use
 * @param patience how long one may take to start, and for each answer
 * @param trials choose llama.cpp's CPU backends
 */
record Peers(PeerSetup setup, Path checkpoint, int threads, Duration patience, Trials trials) {
  private static final String LLAMA = "llama-";
  private static final String LIBRARY = "libggml-";
  private static final int MOST_BACKENDS = 10; // the others lack what makes a processor fast

  /** The names of all. */
  static final List<String> NAMES =
      List.of(LLAMA + "bf16", LLAMA + "q8_0", LLAMA + "q4_0", "jlama", Standings.PLAIN);

  /** A peer by its name. */
  Entrant entrant(String name) {
    return switch (name) {
      case Standings.PLAIN -> new Peer(name, this::transformers);
      case "jlama" -> new Peer(name, this::jlama);
      default -> new Llama(name, name.substring(LLAMA.length()));
    };
  }

  /** Finds out what starts a peer. */
  private interface Finding {
    Start find() throws MissingException;
  }

  private record Start(List<String> command, Map<String, String> environment) {}

  /** A peer whose start is found out once. */
  private final class Peer implements Entrant {
    private final String name;
    private final Finding finding;
    private Start found = new Start(List.of(), Map.of());

    private Peer(String name, Finding finding) {
      this.name = name;
      this.finding = finding;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Contestant open() throws MissingException {
      if (found.command.isEmpty()) {
        found = finding.find();
      }
      return Child.start(found.command, found.environment, setup.log(name), patience);
    }
  }

  /** llama.cpp, whose fastest CPU backend depends on the case; they are tried out once. */
  private final class Llama implements Entrant {
    private final String name;
    private final String type;
    private @Nullable Found found;

    private Llama(String name, String type) {
      this.name = name;
      this.type = type;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Contestant open() throws MissingException {
      Found known = found;
      if (known == null) {
        known = trials.fastest(name, candidates(type), setup.log(name + "-trial"));
        found = known;
      }
      return new PerCase(
          known,
          way ->
              Child.start(way.command(), Map.of(), setup.log(name + "-" + way.name()), patience));
    }
  }

  private Start transformers() throws MissingException {
    Path python = setup.step("python");
    List<String> command =
        List.of(
            python.toString(),
            setup.scripts().resolve("transformers/transformers_peer.py").toString(),
            checkpoint.toString(),
            String.valueOf(threads));
    return new Start(
        command, Map.of("HF_HUB_OFFLINE", "1", "OMP_NUM_THREADS", String.valueOf(threads)));
  }

  private Start jlama() throws MissingException {
    Path file = setup.step("jlama");
    String classpath;
    try {
      classpath = Files.readString(file, StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new MissingException("no class path: " + e.getMessage());
    }
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-preview",
            "--source",
            String.valueOf(Runtime.version().feature()),
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Djava.util.concurrent.ForkJoinPool.common.parallelism=" + threads,
            "-classpath",
            classpath,
            setup.scripts().resolve("jlama/JlamaPeer.java").toString(),
            checkpoint.toString(),
            String.valueOf(threads));
    return new Start(command, Map.of());
  }

  private List<Candidate> candidates(String type) throws MissingException {
    Path program = setup.step("llama");
    setup.step("python");
    Path file = setup.step("gguf", checkpoint.toString(), type);
    List<Candidate> candidates = new ArrayList<>();
    for (String backend : backends(program)) {
      candidates.add(
          new Candidate(
              String.valueOf(Path.of(backend).getFileName())
                  .replace(LIBRARY, "")
                  .replace(".so", ""),
              List.of(
                  program.toString(), "run", backend, file.toString(), String.valueOf(threads))));
    }
    return candidates;
  }

  /**
   * The CPU backends that this processor can run, the library's own choice first. Which is fastest
   * depends on the type of the weights and on the case, and that choice is not always it.
   */
  private static List<String> backends(Path program) throws MissingException {
    List<String> command = new ArrayList<>(List.of(program.toString(), "backends"));
    Path folder = program.toAbsolutePath().getParent();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, LIBRARY + "cpu*.so")) {
      files.forEach(file -> command.add(file.toString()));
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().limit(MOST_BACKENDS).toList();
    } catch (IOException e) {
      throw new MissingException("its backends cannot be listed: " + e.getMessage());
    }
  }
}
