package dev.outcrop.serving.images;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * The image outcrop-signals in a container as the chart has it. {@code outcrop test --long} names
 * it in {@code OUTCROP_TEST_SIGNALS_IMAGE}.
 */
@Tag("long")
final class SignalsImageTest {
  private static final String IMAGE = System.getenv("OUTCROP_TEST_SIGNALS_IMAGE");
  private static final long MEMORY = 512L << 20;

  @TempDir private Path folder;

  @Test
  void startsWithoutAnApiServerAndEndsWell() throws Exception {
    if (IMAGE == null) {
      String reason =
          "skipped: no image in OUTCROP_TEST_SIGNALS_IMAGE; outcrop test --long makes one";
      System.err.println(SignalsImageTest.class.getSimpleName() + " " + reason);
      Assumptions.abort(reason);
    }
    Path file =
        Files.writeString(
            folder.resolve("signals.yaml"),
            """
            scaler: {enabled: true}
            models: [{id: demo, workload: outcrop-demo, selector: {outcrop.dev/model: demo}}]
            """);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    try (GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(IMAGE))) {
      container
          .withImagePullPolicy(name -> false)
          .withNetworkMode("none")
          .withEnv(Map.of("POD_NAMESPACE", "models", "POD_NAME", "signals-0"))
          .withTmpFs(Map.of("/tmp", "rw,noexec,size=16m"))
          .withCreateContainerCmdModifier(
              command ->
                  command
                      .getHostConfig()
                      .withReadonlyRootfs(true)
                      .withCapDrop(Capability.ALL)
                      .withMemory(MEMORY)
                      .withMemorySwap(MEMORY)
                      .withBinds(Bind.parse(folder.toAbsolutePath() + ":/etc/outcrop:ro")))
          .waitingFor(
              Wait.forLogMessage(".*reads the pods of .*KEDA on port 9091.*", 1)
                  .withStartupTimeout(Duration.ofMinutes(5)))
          .start();

      for (String page : new String[] {"livez", "metrics"}) {
        String script =
            """
            exec 3<>/dev/tcp/127.0.0.1/8082
            printf 'GET /%s HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3
            head -n 1 <&3
            """
                .formatted(page);
        assertThat(container.execInContainer("bash", "-c", script).getStdout())
            .startsWith("HTTP/1.1 200 OK");
      }
      container
          .getDockerClient()
          .stopContainerCmd(container.getContainerId())
          .withTimeout(60)
          .exec();
      assertThat(container.getLogs())
          .doesNotContain("WARNING: ", "NoClassDefFoundError", "ClassNotFoundException");
      assertThat(container.getCurrentContainerInfo().getState().getExitCodeLong()).isZero();
    }
  }
}
