package dev.outcrop.serving.config;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of files that are wrong. */
final class ConfigErrorsTest {
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
          models:\\n  - {id: a, path: b, devices: [cuda:0, gpu]} | f line 2: models[0].devices must be cpu, cpu:N, cuda or cuda:N
          models:\\n  - {id: a, path: b, devices: [cuda, cuda:0]} | f line 2: models[0].devices must name each device once
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
  void namesFileThatIsMissing(@TempDir Path folder) {
    assertThatThrownBy(() -> ConfigFile.read(folder.resolve("none.yaml")))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("none.yaml");
  }
}
