package dev.outcrop.helm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code outcrop-signals} as a process of its own, with the rights of its ServiceAccount. */
final class SignalsRun implements AutoCloseable {
  private final Process process;
  private final Path log;
  private final int management;

  private SignalsRun(Process process, Path log, int management) {
    this.process = process;
    this.log = log;
    this.management = management;
  }

  /**
   * Starts one.
   *
   * @param config signals.yaml as the chart writes it; ports and files are replaced
   * @param identity its pod's name
   * @param management the port of probes and metrics
   * @param external the port of the external metrics API, 0 for none
   */
  static SignalsRun start(
      String config, Path kubeconfig, String identity, int management, int external)
      throws IOException {
    ObjectNode yaml = (ObjectNode) Chart.YAML.readTree(config);
    ((ObjectNode) yaml.get("management")).put("host", "127.0.0.1").put("port", management);
    ObjectNode metrics = (ObjectNode) yaml.get("external-metrics");
    if (external == 0) {
      metrics.removeAll();
      metrics.put("enabled", false);
    } else {
      metrics
          .put("host", TestCluster.address())
          .put("port", external)
          .put("certificate-file", TestCluster.file("metrics.crt").toString())
          .put("key-file", TestCluster.file("metrics.key").toString());
    }
    Path file = Files.createTempFile("signals", ".yaml");
    file.toFile().deleteOnExit();
    Chart.YAML.writeValue(file.toFile(), yaml);
    Path log = Files.createTempFile("signals-" + identity, ".log");
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Dkubernetes.user.agent=" + identity, // by which the audit log knows it
                "-cp",
                System.getProperty("java.class.path"),
                "dev.outcrop.k8s.Main",
                "--config",
                file.toString()));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("KUBECONFIG", kubeconfig.toString());
    builder.environment().put("POD_NAME", identity);
    return new SignalsRun(builder.start(), log, management);
  }

  /** The value of one of its metrics, without labels; NaN where it does not answer. */
  double metric(String name) {
    try (var http = java.net.http.HttpClient.newHttpClient()) {
      String page =
          http.send(
                  java.net.http.HttpRequest.newBuilder(
                          java.net.URI.create("http://127.0.0.1:" + management + "/metrics"))
                      .build(),
                  java.net.http.HttpResponse.BodyHandlers.ofString())
              .body();
      return page.lines()
          .filter(line -> line.startsWith(name + " "))
          .map(line -> Double.parseDouble(line.substring(name.length() + 1)))
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException e) {
      return Double.NaN;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Double.NaN;
    }
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  /** As when its node is lost: nothing is given back. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Stops the whole process for a while, as a long pause of the machine does. */
  void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  /** As Kubernetes ends a pod. */
  int stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("it does not end");
    }
    return process.exitValue();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
