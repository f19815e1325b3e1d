package dev.outcrop.serving.fetch;

import com.robothy.s3.rest.LocalS3;
import dev.outcrop.serving.config.S3Config;
import dev.outcrop.serving.s3.S3Clients;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/** A server that speaks S3, and a prefix of it for each test. */
abstract class FetchTesting {
  static final int PART = 100_000;
  static LocalS3 server;
  static S3Client s3;

  @TempDir Path temp;
  Prefix prefix = Prefix.parse("s3://models/x");
  final List<CheckpointFetch.Plan> plans = new ArrayList<>();

  @BeforeAll
  static void start() {
    server = LocalS3.builder().port(-1).build();
    server.start();
    System.setProperty("aws.accessKeyId", "any");
    System.setProperty("aws.secretAccessKey", "any");
    s3 = S3Clients.of(new S3Config("http://127.0.0.1:" + server.getPort(), "us-east-1"));
    s3.createBucket(r -> r.bucket("models"));
  }

  @AfterAll
  static void stop() {
    s3.close();
    server.shutdown();
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
  }

  @BeforeEach
  void ownPrefix(TestInfo test) {
    prefix = Prefix.parse("s3://models/" + test.getTestMethod().orElseThrow().getName());
  }

  byte[] put(String name, int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    s3.putObject(r -> r.bucket("models").key(prefix.key() + name), RequestBody.fromBytes(bytes));
    return bytes;
  }

  void fetch() throws Exception {
    fetch(s3, CheckpointFetch.Content.CHECKPOINT);
  }

  void fetch(S3Client client, CheckpointFetch.Content content) throws Exception {
    new CheckpointFetch(
            client, prefix, temp.resolve("m"), new CheckpointFetch.Options(4, PART, content))
        .run(plans::add);
  }

  byte[] read(String name) throws IOException {
    return Files.readAllBytes(temp.resolve("m").resolve(name));
  }
}
