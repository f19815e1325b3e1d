package dev.outcrop.serving.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.models.OutcropException;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
      drain-delay: 8s
      drain-timeout: 2m
      models:
        - id: a.b-v1:0
          path: some/folder
          aliases: [x, y]
          dtype: bfloat16
          quantization: int4-g64
          kernel-tuning: /var/cache/outcrop
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
                            BatchingConfig.Shapes.DEFAULT,
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          htp:\\n  port: 1                | f line 1: htp is not a known key; did you mean http?
          http:\\n  prot: 1               | f line 2: http.prot is not a known key; did you mean port?
          http:\\n  port: x               | f line 2: http.port must be an integer
          http:\\n  port: 70000           | f line 2: http.port must be between 0 and 65535, was 70000
          http:\\n\\n  max-body: 1 elk    | f line 3: http.max-body must be a size such as 512KB, 20MB or 2GB
          http:\\n  body-memory: 30MB  | f line 2: http.body-memory must be 0 or at least twice max-body
          http:\\n  tls: {key-file: k}     | f line 2: http.tls.key-file must be given where certificate-file is, and only there
          http: {tls: {reload: 0s}}       | f line 1: http.tls.reload must be positive
          http: 8080                      | f line 1: http must be a mapping of keys
          batch-jobs:\\n  locations: [/srv] | f line 2: batch-jobs.locations must hold only s3://BUCKET/PREFIX and file:///FOLDER
          batch-jobs: {s3: {endpoint: minio}} | f line 1: batch-jobs.s3.endpoint must be an http or https URL
          batch-jobs: {records-at-once: 0} | f line 1: batch-jobs.records-at-once must be between 1 and 100000, was 0
          drain-timeout: soon             | f line 1: drain-timeout must be a duration such as 500ms, 30s, 5m or 1h
          models:\\n  - {id: , path: m}   | f line 2: models[0].id is required
          models:\\n  - {id: '', path: m} | f line 2: models[0].id must have between
          models: [{id: &m a, path: *m}]  | f line 1: the alias *m is not supported; write out what it stands for
          management: {admin-key: 0123456789abcdef, admin-key-file: k} | f line 1: management.admin-key-file must not be there beside admin-key
          auth: {key-file: a, policy-file: b} | f line 1: auth.policy-file must not be there beside key-file
          models:\\n  - id: a             | f line 2: models[0].path is required
          models:\\n  - {id: a, path: b, quantization: int5} | f line 2: models[0].quantization must be one of [none, int8, int8-dynamic, int4, int4-g32, int4-g64, int4-g128]
          models:\\n  - {id: a, path: b, quantization: int8, dtype: float32} | f line 2: models[0].quantization needs dtype bfloat16 or auto
          models:\\n  - {id: a, path: b, dtype: int4} | f line 2: models[0].dtype must be one of [auto, float32, bfloat16]
          models:\\n  - {id: a, path: b, encoding: {max-delay: 11s}} | f line 2: models[0].encoding.max-delay must be between 0s and 10s
          catalog: {account: 1}           | f line 1: catalog.account must have twelve digits
          catalog: {region: US}           | f line 1: catalog.region must be a region such as us-east-1
          models:\\n  - {id: a, path: b, name: a name of many letters} | f line 2: models[0].name must have at most 20 characters
          models: a                       | f line 1: models must be a list
          http:\\n  port: 1\\n  port: 2   | f line 3: the key port is there twice
          http: [                         | f line 1: not valid YAML
          - a                             | f line 1: the file must be a mapping of keys
          models:\\n  - {id: a, path: b, batching: {max-step-tokens: 1}} | f line 2: models[0].batching.max-step-tokens must be at least max-running
          models:\\n  - {id: a, path: b, batching: {shapes: {contexts: [2, 1]}}} | f line 2: models[0].batching.shapes.contexts must ascend from 1
          models:\\n  - {id: a, path: b, batching: {shapes: {contexts: [64]}}} | f line 2: models[0].batching.shapes.contexts must be given where prefill-tokens is, and only there
          """)
  void namesLineKeyAndReason(String yaml, String message) {
    assertThatThrownBy(() -> ConfigFile.parse("f", yaml.replace("\\n", "\n")))
        .isInstanceOf(OutcropException.class)
        .hasMessageStartingWith(message.strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          max-running: 0                          | max-running must be at least 1
          max-running: 1000001                    | max-running must be at most 1000000
          max-running: 8, max-step-tokens: 7      | max-step-tokens must be at least max-running
          max-waiting: 0                          | max-waiting must be at least 1
          max-waiting-tokens: 0                   | max-waiting-tokens must be at least 1
          default-max-tokens: 0                   | default-max-tokens must be at least 1
          sharing: {guests: -1}                   | sharing.guests must not be negative
          sharing: {guests: 2147483647}           | sharing.guests must be at most 1000000
          sharing: {flex-floor: 2}                | sharing.flex-floor must be from 0 to 1
          sharing: {cache-share: -1}              | sharing.cache-share must be from 0 to 1
          sharing: {tenant-requests: 0}           | sharing.tenant-requests must be at least 1
          sharing: {tenant-tokens: 0}             | sharing.tenant-tokens must be at least 1
          objectives: {first-token: 0s}           | objectives.first-token must be longer than 0
          objectives: {budget: 0}                 | objectives.budget must be above 0 and at most 1
          objectives: {window: 1ms}               | objectives.window must be at least 1s
          objectives: {max-replicas: -1}          | objectives.max-replicas must not be negative
          shapes: {prefill-tokens: [0]}           | shapes.prefill-tokens must ascend from 1
          shapes: {decode-rows: [2, 2]}           | shapes.decode-rows must ascend from 1
          shapes: {decode-rows: [1]}              | shapes.decode-rows must be given where prefill-tokens is, and only there
          shapes: {prefill-tokens: [8], decode-rows: [1]} | shapes.contexts must be given where prefill-tokens is, and only there
          shapes: {prefill-tokens: [8], decode-rows: [1], contexts: [4]} | shapes.prefill-tokens must not be longer than the last of contexts
          """)
  void namesTheLimitsOfABatcherAsTheFileDoes(String batching, String message) {
    String yaml = "models: [{id: a, path: b, batching: {" + batching.strip() + "}}]";

    assertThatThrownBy(() -> ConfigFile.parse("f", yaml))
        .isInstanceOf(OutcropException.class)
        .hasMessage("f line 1: models[0].batching." + message.strip());
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
        .isEqualTo(new BatchingConfig.Shapes(List.of(128, 512), List.of(1, 8), List.of(512, 2048)));
  }

  @Test
  void takesPathsFromTheFilesFolder(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("outcrop.yaml"), FULL);

    ServingConfig config = ConfigFile.read(file);

    assertThat(config.auth().keyFile()).isEqualTo(folder.resolve("keys.txt"));
    assertThat(config.batchJobs().folder()).isEqualTo(folder.resolve("jobs"));
    assertThat(config.http().tls().certificateFile()).isEqualTo(folder.resolve("tls.crt"));
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

  @Test
  void namesFileThatIsMissing(@TempDir Path folder) {
    assertThatThrownBy(() -> ConfigFile.read(folder.resolve("none.yaml")))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("none.yaml");
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
