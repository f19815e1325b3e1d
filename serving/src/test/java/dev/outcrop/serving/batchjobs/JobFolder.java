package dev.outcrop.serving.batchjobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.config.BatchJobsConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Folders for jobs in a test, and their files. */
record JobFolder(Path base) {
  static final ObjectMapper JSON = new ObjectMapper();

  Path data() {
    return base.resolve("data");
  }

  Path state() {
    return base.resolve("state");
  }

  BatchJobsConfig config() {
    return BatchJobsConfig.DEFAULT.in(state(), List.of("file://" + made(data())));
  }

  /** With one job at a time, two for each tenant, and so many records at a time. */
  BatchJobsConfig config(int records) {
    BatchJobsConfig config = config();
    return new BatchJobsConfig(
        config.folder(),
        config.locations(),
        config.s3(),
        1,
        records,
        2,
        config.maxRecord(),
        config.maxInput(),
        config.maxRecords(),
        Duration.ofHours(1));
  }

  String uri(String path) {
    return "file://" + data().resolve(path);
  }

  /** Writes an input file; answers its URI. */
  String write(String path, String text) {
    try {
      Path file = data().resolve(path);
      made(file.getParent());
      Files.writeString(file, text);
      return uri(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes records whose bodies hold their number. */
  String writeRecords(String path, int count) {
    StringBuilder text = new StringBuilder();
    IntStream.range(0, count)
        .forEach(
            i ->
                text.append(
                    "{\"recordId\":\"R%05d\",\"modelInput\":{\"number\":%d}}\n".formatted(i, i)));
    return write(path, text.toString());
  }

  /** A request for a job from a place to the folder {@code out}. */
  ObjectNode request(String input) {
    made(data().resolve("out"));
    ObjectNode body = JSON.createObjectNode();
    body.put("jobName", "job").put("modelId", "demo");
    body.put("roleArn", "arn:aws:iam::123456789012:role/x");
    body.putObject("inputDataConfig").putObject("s3InputDataConfig").put("s3Uri", input);
    body.putObject("outputDataConfig").putObject("s3OutputDataConfig").put("s3Uri", uri("out"));
    return body;
  }

  /** The lines of an output file. */
  List<JsonNode> output(String job, String name) {
    try (Stream<String> lines = Files.lines(data().resolve("out").resolve(job).resolve(name))) {
      List<JsonNode> nodes = new ArrayList<>();
      for (String line : lines.toList()) {
        nodes.add(JSON.readTree(line));
      }
      return nodes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  JsonNode manifest(String job) {
    return output(job, "manifest.json.out").getFirst();
  }

  /** A copy of everything, as a machine that dies now leaves it. */
  JobFolder crashedInto(Path other) {
    try (Stream<Path> all = Files.walk(base)) {
      for (Path each : all.toList()) {
        Path to = other.resolve(base.relativize(each));
        if (Files.isDirectory(each)) {
          Files.createDirectories(to);
        } else {
          copy(each, to);
        }
      }
      return new JobFolder(other);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try {
      Files.copy(from, to);
    } catch (NoSuchFileException e) {
      // renamed just now
    }
  }

  private static Path made(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
