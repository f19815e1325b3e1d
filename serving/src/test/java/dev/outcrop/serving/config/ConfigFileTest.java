package dev.outcrop.serving.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.loading.Quantization;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigFileTest {
  private static final String FULL =
      """
      http:
        host: 0.0.0.0
        port: 9000
        max-body: 1MB
        max-requests: 7
        max-connections: 9
        idle-timeout: 90s
        request-timeout: 20s
        write-timeout: 10s
        connection-age: 3m
        body-memory: 2MB
        tls:
          certificate-file: tls.crt
          key-file: tls.key
          reload: 1m
      management:
        host: "::1"
        port: 9001
        admin-key: 0123456789abcdef
      auth:
        key-file: keys.txt
        replicas-file: live/demo
      limits:
        max-messages: 1
        max-content-blocks: 2
        max-tools: 3
        max-stop-sequences: 4
        max-stop-sequence-length: 5
        max-text-length: 6
      batch-jobs:
        folder: jobs
        locations: ["s3://bucket/{tenant}", "file:///srv/jobs"]
        s3:
          endpoint: http://minio:9000
          region: eu-central-1
        jobs-at-once: 1
        records-at-once: 2
        max-jobs: 3
        max-record: 4KB
        max-input: 5KB
        max-records: 6
        keep: 7h
      catalog:
        region: eu-west-1
        account: "123456789012"
      cost:
        hourly-usd: 1.861
        share: 0.5
        devices: 2
        instance-type: g6e.xlarge
        purchase: capacity-block
        prices-file: prices.yaml
        node-api: true
        prometheus-url: http://prometheus:9090
        refresh: 30s
        window: 5m
        bedrock-models: [{id: a.b-v1:0, as: meta.llama3-1-8b-instruct-v1:0}]
      drain-delay: 8s
      drain-timeout: 2m
      models:
        - id: a.b-v1:0
          path: some/folder
          aliases: [x, y]
          dtype: bfloat16
          quantization: int4-g64
          kernel-tuning: /var/cache/outcrop
          devices: ["cuda:0", "cuda:1"]
          kv-memory: 2GB
          max-context: 4096
          threads: 2
          tool-format: llama-json
          reasoning-format: think
          provider: Acme
          name: Acme One
          encoding:
            max-delay: 3ms
            query-prompt: "query: "
            document-prompt: ''
          batching:
            max-running: 8
            max-step-tokens: 16
            max-waiting: 3
            max-waiting-tokens: 4
            default-max-tokens: 5
            sharing:
              guests: 1
              token-interval: 60ms
              flex-floor: 0.5
              prefixes: all
              cache-share: 0.25
              tenant-requests: 6
              tenant-tokens: 7
            objectives:
              first-token: 3s
              budget: 0.05
              window: 1m
              max-replicas: 9
            speculation:
              drafts: ngram
              max-tokens: 9
      """;

  @Test
  void emptyFileGivesDefaults() {
    assertThat(ConfigFile.parse("f", "")).isEqualTo(ServingConfig.DEFAULT);
  }

  @Test
  void mapsEveryKey() {
    assertThat(ConfigFile.parse("f", FULL))
        .isEqualTo(
            new ServingConfig(
                new HttpConfig(
                    "0.0.0.0",
                    9000,
                    ByteSize.megabytes(1),
                    7,
                    9,
                    Duration.ofSeconds(90),
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(10),
                    Duration.ofMinutes(3),
                    ByteSize.megabytes(2),
                    new TlsConfig(Path.of("tls.crt"), Path.of("tls.key"), Duration.ofMinutes(1))),
                new ManagementConfig("::1", 9001, new Secret("0123456789abcdef")),
                new AuthConfig(Path.of("keys.txt")).withReplicas(Path.of("live/demo")),
                new LimitsConfig(1, 2, 3, 4, 5, 6),
                new BatchJobsConfig(
                    Path.of("jobs"),
                    List.of("s3://bucket/{tenant}", "file:///srv/jobs"),
                    new S3Config("http://minio:9000", "eu-central-1"),
                    1,
                    2,
                    3,
                    new ByteSize(4_096),
                    new ByteSize(5_120),
                    6,
                    Duration.ofHours(7)),
                new CatalogConfig("eu-west-1", "123456789012"),
                new CostConfig(
                    1.861,
                    0.5,
                    2,
                    "g6e.xlarge",
                    CostConfig.Purchase.CAPACITY_BLOCK,
                    Path.of("prices.yaml"),
                    true,
                    "http://prometheus:9090",
                    Duration.ofSeconds(30),
                    Duration.ofMinutes(5),
                    List.of(
                        new CostConfig.BedrockModelConfig(
                            "a.b-v1:0", "meta.llama3-1-8b-instruct-v1:0"))),
                Duration.ofSeconds(8),
                Duration.ofMinutes(2),
                List.of(
                    new ModelConfig(
                        "a.b-v1:0",
                        Path.of("some/folder"),
                        List.of("x", "y"),
                        ModelConfig.Dtype.BFLOAT16,
                        Quantization.INT4_G64,
                        "/var/cache/outcrop",
                        List.of("cuda:0", "cuda:1"),
                        new ByteSize(2L << 30),
                        4096,
                        2,
                        ModelConfig.Tools.LLAMA_JSON,
                        ModelConfig.Reasoning.THINK,
                        new BatchingConfig(
                            8,
                            16,
                            3,
                            4,
                            5,
                            new BatchingConfig.Sharing(
                                1,
                                Duration.ofMillis(60),
                                0.5,
                                BatchingConfig.Prefixes.ALL,
                                0.25,
                                6,
                                7),
                            new BatchingConfig.Objectives(
                                Duration.ofSeconds(3), 0.05, Duration.ofMinutes(1), 9),
                            CompiledShapes.DEFAULT,
                            new BatchingConfig.Speculation(BatchingConfig.Drafts.NGRAM, 9)),
                        new EncodingConfig(Duration.ofMillis(3), "query: ", ""),
                        "Acme",
                        "Acme One"))));
  }

  @Test
  void exampleDocumentsEveryKeyWithItsDefault() throws IOException {
    String example = resource("outcrop.yaml");

    ServingConfig config = ConfigFile.parse("outcrop.yaml", example);

    assertThat(config.withModels(List.of())).isEqualTo(ServingConfig.DEFAULT);
    ModelConfig model = config.models().getFirst();
    assertThat(model).isEqualTo(ModelConfig.DEFAULT.as(model.id(), model.path(), List.of("llama")));
    assertThat(keys(ServingConfig.class))
        .allSatisfy(key -> assertThat(example).containsPattern("(?m)^[ -]*" + key + ":"));
  }

  @Test
  void readsTheShapesThatAnEngineWasCompiledFor() {
    ServingConfig config =
        ConfigFile.parse(
            "f",
            """
            models:
              - id: a
                path: b
                batching:
                  shapes: {prefill-tokens: [128, 512], decode-rows: [1, 8], contexts: [512, 2048]}
            """);

    assertThat(config.models().getFirst().batching().shapes())
        .isEqualTo(new CompiledShapes(List.of(128, 512), List.of(1, 8), List.of(512, 2048)));
  }

  @Test
  void takesPathsFromTheFilesFolder(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("outcrop.yaml"), FULL);

    ServingConfig config = ConfigFile.read(file);

    assertThat(config.auth().keyFile()).isEqualTo(folder.resolve("keys.txt"));
    assertThat(config.batchJobs().folder()).isEqualTo(folder.resolve("jobs"));
    assertThat(config.http().tls().certificateFile()).isEqualTo(folder.resolve("tls.crt"));
    assertThat(config.cost().pricesFile()).isEqualTo(folder.resolve("prices.yaml"));
    assertThat(config.http().tls().keyFile()).isEqualTo(folder.resolve("tls.key"));
    assertThat(
            ConfigFile.read(
                    Files.writeString(
                        folder.resolve("other.yaml"), "management: {admin-key-file: admin}"))
                .management()
                .adminKeyFile())
        .isEqualTo(folder.resolve("admin"));
    assertThat(config.models().getFirst().path()).isEqualTo(folder.resolve("some/folder"));
  }

  /** What comes to no number of nanoseconds is refused here, not when models are loaded. */
  @Test
  void boundsTheWindowOfCosts() {
    assertThatThrownBy(() -> ConfigFile.parse("f", "cost: {window: 3000000h}"))
        .hasMessageContaining("cost.window must be at most 8760h");
    assertThat(ConfigFile.parse("f", "cost: {window: 8760h}").cost().window())
        .isEqualTo(Duration.ofDays(365));
  }

  @Test
  void doesNotShowSecrets() {
    assertThat(ConfigFile.parse("f", FULL).toString())
        .doesNotContain("0123456789abcdef")
        .contains("adminKey=***");
  }

  @Test
  void writesSizesAsItReadsThem() {
    for (String size : List.of("0B", "512B", "64KB", "20MB", "3GB", "1025B")) {
      assertThat(ByteSize.parse(size)).hasToString(size);
    }
  }

  private static List<String> keys(Class<?> type) {
    List<String> keys = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      keys.add(ConfigBinder.kebab(component.getName()));
      Class<?> inner = component.getType() == List.class ? null : component.getType();
      if (inner != null && inner.isRecord() && inner != ByteSize.class) {
        keys.addAll(keys(inner));
      }
    }
    if (type == ServingConfig.class) {
      keys.addAll(keys(ModelConfig.class));
    }
    return keys;
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = ConfigFile.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
