import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times the start of the server from process to open port, on the JRE and jars of the image that
 * was built last: medians of runs that take turns. Management is the port that the kubelet asks,
 * with the command of the image; it opens before models are loaded. API is the other one, opened
 * behind it by a server that has no models. Run from source, with the folder of the images, that of
 * the test classes, and the number of runs.
 */
final class Start {
  private static final List<String> OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:-UsePerfData",
          "-Xlog:disable",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow",
          "-Djdk.reflect.useNativeAccessorOnly=true",
          "-XX:MaxRAMPercentage=25",
          "-XX:+UseTransparentHugePages",
          "-Dai.djl.offline=true",
          "-Dai.djl.pytorch.graph_optimizer=false");

  private record Run(long millis, long processorMillis) {}

  private interface Timed {
    Run run(List<String> java) throws Exception;
  }

  private static String path;
  private static Path folder;

  public static void main(String[] arguments) throws Exception {
    Path images = Path.of(arguments[0]).toAbsolutePath();
    Path app = images.resolve("serving-app/app");
    path =
        Files.readString(app.resolve("jib-classpath-file")).strip().replace("/app/", app + "/");
    Path tests = Path.of(arguments[1]).toAbsolutePath();
    int runs = Integer.parseInt(arguments[2]);
    folder = Files.createTempDirectory("outcrop");
    String java = images.resolve("layers/jre/opt/jre/bin/java").toString();
    Path archive = images.resolve("layers/archive/app/outcrop-serving.jsa");

    Map<String, List<String>> ways = new LinkedHashMap<>();
    ways.put("no archive", List.of(java, "-Xshare:off"));
    ways.put("the JDK's archive", List.of(java, "-Xshare:auto"));
    ways.put("the image's archive", List.of(java, "-XX:SharedArchiveFile=" + archive));
    Map<String, Timed> ports = new LinkedHashMap<>();
    ports.put("management", Start::management);
    ports.put("API", command -> api(command, tests));
    for (Map.Entry<String, Timed> port : ports.entrySet()) {
      Map<String, List<Run>> times = new LinkedHashMap<>();
      for (int i = 0; i < runs; i++) {
        for (Map.Entry<String, List<String>> way : ways.entrySet()) {
          List<String> command = new ArrayList<>(way.getValue());
          command.addAll(OPTIONS);
          times
              .computeIfAbsent(way.getKey(), name -> new ArrayList<>())
              .add(port.getValue().run(command));
        }
      }
      times.forEach(
          (way, all) -> {
            long[] millis = all.stream().mapToLong(Run::millis).sorted().toArray();
            long[] processor = all.stream().mapToLong(Run::processorMillis).sorted().toArray();
            System.out.printf(
                "%-10s  %-19s  median %4d ms, least %4d, most %4d; processor time %4d%n",
                port.getKey(), way, millis[runs / 2], millis[0], millis[runs - 1],
                processor[runs / 2]);
          });
    }
    for (Path file : Files.list(folder).toList()) {
      Files.delete(file);
    }
    Files.delete(folder);
  }

  /** The command of the image with the demo's model, which loads while the port answers. */
  private static Run management(List<String> java) throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path config = folder.resolve("serve.yaml");
    Files.writeString(
        config,
        """
        http: {port: 0}
        management: {port: %d}
        models: [{id: demo, path: "%s", kv-memory: 64MB}]
        """
            .formatted(port, Path.of("models/demo/model").toAbsolutePath()));
    List<String> command = new ArrayList<>(java);
    command.addAll(
        List.of("-cp", path, "dev.outcrop.serving.cli.Main", "serve", "--config", "" + config));
    Path log = folder.resolve("log");
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      while (!answers(port)) {
        if (!process.isAlive()) {
          throw new IllegalStateException("no server started:\n" + Files.readString(log));
        }
        Thread.sleep(1);
      }
      return new Run((System.nanoTime() - start) / 1_000_000, processorMillis(process));
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static Run api(List<String> java, Path tests) throws Exception {
    Path config = folder.resolve("empty.yaml");
    Files.writeString(
        config, "http: {port: 0}\nmanagement: {port: 0}\nmodels: [{id: demo, path: /nowhere}]\n");
    List<String> command = new ArrayList<>(java);
    command.addAll(
        List.of("-cp", path + ":" + tests, "dev.outcrop.serving.images.EmptyServer", "" + config));
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (BufferedReader output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith("listening")) {
          return new Run((System.nanoTime() - start) / 1_000_000, processorMillis(process));
        }
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    throw new IllegalStateException("no server started: " + command);
  }

  private static long processorMillis(Process process) {
    return process.info().totalCpuDuration().map(Duration::toMillis).orElse(0L);
  }
}
