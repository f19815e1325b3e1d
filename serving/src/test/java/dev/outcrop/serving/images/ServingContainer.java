package dev.outcrop.serving.images;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;
import software.amazon.awssdk.auth.token.credentials.SdkToken;
import software.amazon.awssdk.auth.token.credentials.StaticTokenProvider;
import software.amazon.awssdk.http.auth.scheme.BearerAuthScheme;
import software.amazon.awssdk.http.auth.spi.scheme.AuthSchemeOption;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.auth.scheme.BedrockRuntimeAuthSchemeProvider;

/**
 * The image outcrop-serving in a container as a pod has it: read-only root, an unprivileged user
 * without capabilities, a small /tmp, a memory limit, and a model that never ends a text by itself.
 */
final class ServingContainer implements AutoCloseable {
  static final String MODEL = "demo";
  static final long MEMORY = 512L << 20;

  private static final String KEY = "sk-images-1";
  private static final Path DEMO = Path.of("..", "models", "demo", "model");
  private static final Duration START = Duration.ofMinutes(5);

  private static final BedrockRuntimeAuthSchemeProvider BEARER =
      parameters ->
          List.of(AuthSchemeOption.builder().schemeId(BearerAuthScheme.SCHEME_ID).build());

  private final GenericContainer<?> container;

  /**
   * Starts a server and waits until it is ready.
   *
   * @param network where it is; null for none at all
   * @param folder where its files are written
   */
  static ServingContainer start(String image, Network network, Path folder) {
    return new ServingContainer(image, network, folder);
  }

  @SuppressWarnings("resource") // closed by close()
  private ServingContainer(String image, Network network, Path folder) {
    write(folder, network == null ? "127.0.0.1" : "0.0.0.0");
    container =
        new GenericContainer<>(DockerImageName.parse(image))
            .withImagePullPolicy(name -> false)
            .withTmpFs(Map.of("/tmp", "rw,noexec,size=16m"))
            .withCreateContainerCmdModifier(
                command ->
                    command
                        .getHostConfig()
                        .withReadonlyRootfs(true)
                        .withCapDrop(Capability.ALL)
                        .withMemory(MEMORY)
                        .withMemorySwap(MEMORY)
                        .withBinds(
                            Bind.parse(
                                folder.resolve("model").toAbsolutePath() + ":/models/demo:ro"),
                            Bind.parse(
                                folder.resolve("etc").toAbsolutePath() + ":/etc/outcrop:ro")))
            .waitingFor(
                Wait.forLogMessage(".*serving \\[demo] on .*", 1).withStartupTimeout(START));
    if (network == null) {
      container.withNetworkMode("none");
    } else {
      container.withNetwork(network);
    }
    container.start();
  }

  /** What it has written so far; after its end all of it. */
  String log() {
    return container.getLogs();
  }

  /** The answer of a shell in the container. */
  String shell(String script) throws IOException, InterruptedException {
    var result = container.execInContainer("bash", "-c", script);
    return result.getStdout() + result.getStderr();
  }

  BedrockRuntimeClient sync() {
    return BedrockRuntimeClient.builder()
        .endpointOverride(endpoint())
        .region(Region.US_EAST_1)
        .tokenProvider(StaticTokenProvider.create(new Token()))
        .authSchemeProvider(BEARER)
        .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
        .build();
  }

  BedrockRuntimeAsyncClient async() {
    return BedrockRuntimeAsyncClient.builder()
        .httpClientBuilder(NettyNioAsyncHttpClient.builder().maxConcurrency(64).readTimeout(START))
        .endpointOverride(endpoint())
        .region(Region.US_EAST_1)
        .tokenProvider(StaticTokenProvider.create(new Token()))
        .authSchemeProvider(BEARER)
        .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
        .build();
  }

  /** Its own address: a network without a way out has no published ports. */
  private URI endpoint() {
    String address =
        container.getContainerInfo().getNetworkSettings().getNetworks().values().stream()
            .findFirst()
            .orElseThrow()
            .getIpAddress();
    return URI.create("http://" + address + ":8080");
  }

  /** What the kubelet does: SIGTERM, and SIGKILL after the grace period. Returns once it ended. */
  void stop(Duration grace) {
    docker()
        .stopContainerCmd(container.getContainerId())
        .withTimeout(Math.toIntExact(grace.toSeconds()))
        .exec();
  }

  void kill() {
    docker().killContainerCmd(container.getContainerId()).withSignal("KILL").exec();
  }

  ContainerState state() {
    return container.getCurrentContainerInfo().getState();
  }

  private DockerClient docker() {
    return container.getDockerClient();
  }

  @Override
  public void close() {
    container.close();
  }

  /** A key that never expires. */
  private record Token() implements SdkToken {
    @Override
    public String token() {
      return KEY;
    }

    @Override
    public Optional<Instant> expirationTime() {
      return Optional.empty();
    }
  }

  private static void write(Path folder, String host) {
    try {
      Path etc = Files.createDirectories(folder.resolve("etc"));
      Files.writeString(etc.resolve("keys"), sha256(KEY) + " acme\n");
      Files.writeString(
          etc.resolve("outcrop.yaml"),
          """
          http: {host: %1$s}
          management: {host: %1$s}
          drain-timeout: 5m
          %2$s
          models: [{id: demo, path: /models/demo, dtype: float32, kv-memory: 128MB, threads: 1}]
          """
              .formatted(
                  host, host.startsWith("127.") ? "" : "auth: {key-file: /etc/outcrop/keys}"));
      Path model = Files.createDirectories(folder.resolve("model"));
      try (Stream<Path> files = Files.list(DEMO)) {
        for (Path file : files.toList()) {
          Path copy = model.resolve(file.getFileName().toString());
          Files.copy(file, copy);
        }
      }
      // A text ends where its request says.
      Files.writeString(model.resolve("generation_config.json"), "{\"eos_token_id\": [1]}");
      Path config = model.resolve("config.json");
      Files.writeString(
          config, Files.readString(config).replace("\"eos_token_id\": 2", "\"eos_token_id\": 1"));
      try (Stream<Path> settings = Files.walk(etc);
          Stream<Path> checkpoint = Files.walk(model);
          Stream<Path> all = Stream.concat(settings, checkpoint)) {
        for (Path path : all.toList()) {
          Files.setPosixFilePermissions(
              path,
              PosixFilePermissions.fromString(Files.isDirectory(path) ? "rwxr-xr-x" : "rw-r--r--"));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
