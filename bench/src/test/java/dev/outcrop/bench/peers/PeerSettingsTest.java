package dev.outcrop.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What each real peer tells of itself, on a small checkpoint. Nothing is fetched here: a peer runs
 * where {@code ./outcrop bench peers} has put it before, in .outcrop/peers or in the folder that
 * OUTCROP_PEERS names.
 */
class PeerSettingsTest {
  private static final Path SCRIPTS = Path.of("src", "main", "peers").toAbsolutePath();
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final List<Case> CASES =
      List.of(new Case.Decode(1, 8, 2), new Case.Decode(2, 8, 2), new Case.Prefill(8, 1));

  /** Takes what was fetched from there, and keeps what the tests write. */
  @TempDir private Path cache;

  private final List<Path> links = new ArrayList<>();

  @AfterEach
  void letGoOfWhatWasFetched() throws IOException {
    for (Path link : links) {
      Files.delete(link);
    }
  }

  @Test
  void transformersTellsItsLibrariesFlagsAndThreads() throws Exception {
    needs("venv/bin/python");

    try (Contestant peer = open("transformers")) {
      Map<String, String> settings = told(peer);
      assertThat(settings.get("version")).contains("transformers 5.").contains("torch 2.");
      assertThat(settings.get("backend"))
          .contains("CPU capability ")
          .contains("BLAS ")
          .contains("oneDNN v");
      assertThat(settings.get("buildFlags")).contains("-O2").doesNotContain("-Wall");
      assertThat(settings.get("interopThreads")).containsOnlyDigits();
    }
  }

  @Test
  void jlamaTellsItsJarKernelsAndVectors() throws Exception {
    needs("venv/bin/python"); // which writes the checkpoint
    needs("jlama-*.classpath");

    try (Contestant peer = open("jlama")) {
      Map<String, String> settings = told(peer);
      assertThat(settings.get("version")).startsWith("jlama-core-0.8.4.jar, Java ");
      assertThat(settings.get("backend")).contains("TensorOperations").contains("jlama-");
      assertThat(settings.get("buildFlags"))
          .containsPattern("native code with |no native code")
          .containsPattern("Java vectors of \\d+ bits");
    }
  }

  @Test
  void llamaTellsItsBackendsAndNamesThatOfEachFigure() throws Exception {
    needs("venv/bin/python"); // which converts the checkpoint
    needs("llama-*/llama_peer");

    try (Contestant peer = open("llama-bf16")) {
      Map<String, String> settings = told(peer);
      assertThat(settings.get("version")).startsWith("llama.cpp ");
      assertThat(settings.get("backend")).contains("libggml-cpu");
      assertThat(settings.get("trials")).containsPattern("\\d+ of each of 3 cases, \\d+ longer");
      for (Case what : CASES) {
        assertThat(peer.measure(what))
            .isInstanceOfSatisfying(
                Reply.Measured.class,
                measured -> {
                  assertThat(measured.settings().get("backend")).startsWith("cpu");
                  assertThat(measured.settings()).containsKeys("flashAttention", "unifiedKv");
                });
      }
    }
  }

  /** What everybody has to tell. */
  private static Map<String, String> told(Contestant peer) {
    Map<String, String> settings = peer.settings();
    assertThat(settings).containsKeys("version", "backend", "buildFlags");
    assertThat(settings.values()).allSatisfy(value -> assertThat(value).isNotBlank());
    assertThat(settings).containsEntry("threads", "1").containsEntry("batchThreads", "1");
    return settings;
  }

  private Contestant open(String name) throws MissingException {
    PeerSetup setup = new PeerSetup(SCRIPTS, cache, PATIENCE, _ -> {});
    Path checkpoint = setup.step("checkpoint", "256,2,4,2,512,1000", "small");
    Trials trials = new Trials(CASES, PATIENCE, _ -> {});
    return new Peers(setup, checkpoint, 1, PATIENCE, trials).entrant(name).open();
  }

  /** Skips the test where a file is not there; else its folder is taken over. */
  private void needs(String pattern) throws IOException {
    String named = System.getenv().getOrDefault("OUTCROP_PEERS", "../.outcrop/peers");
    Path fetched = Path.of(named).toAbsolutePath().normalize();
    String folder = pattern.replaceFirst("/.*", "");
    boolean found = false;
    if (Files.isDirectory(fetched)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(fetched, folder)) {
        for (Path each : all) {
          if (Files.exists(Path.of(each + pattern.substring(folder.length())))) {
            links.add(Files.createSymbolicLink(cache.resolve(each.getFileName()), each));
            found = true;
          }
        }
      }
    }
    if (!found) {
      String reason =
          "PeerSettingsTest: no %s in %s; ./outcrop bench peers fetches it"
              .formatted(pattern, fetched);
      System.out.println(reason);
      Assumptions.abort(reason);
    }
  }
}
