package dev.outcrop.serving.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.S3Config;
import dev.outcrop.serving.s3.S3Clients;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** Servers and connections that do not bring a file whole. */
final class FetchFaultsTest extends FetchTesting {
  @Test
  void takesUpAPartWhereItsConnectionBroke() throws Exception {
    byte[] weights = put("model.safetensors", 750_000);
    try (BreakingProxy proxy = new BreakingProxy(server.getPort(), 30_000, 6);
        S3Client broken =
            S3Clients.of(new S3Config("http://127.0.0.1:" + proxy.port(), "us-east-1"))) {
      fetch(broken, CheckpointFetch.Content.CHECKPOINT);

      assertThat(read("model.safetensors")).isEqualTo(weights);
      assertThat(proxy.broken()).isEqualTo(6);
    }
  }

  @Test
  void aFileThatDoesNotComeWholeIsNotThere() {
    put("config.json", 10);
    put("model.safetensors", 750_000);
    CheckpointFetch fetch =
        new CheckpointFetch(s3, prefix, temp.resolve("m"), CheckpointFetch.Options.DEFAULT);

    assertThatThrownBy(
            () ->
                fetch.run(
                    plan ->
                        s3.deleteObject(
                            r -> r.bucket("models").key(prefix.key() + "model.safetensors"))))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("cannot fetch " + prefix.uri() + "model.safetensors: HTTP 404");

    assertThat(temp.resolve("m/model.safetensors")).doesNotExist();
    assertThat(temp.resolve("m/config.json")).exists();
  }

  @Test
  void refusesAFileThatChangesWhileItIsFetched() {
    put("model.safetensors", 750_000);
    CheckpointFetch fetch =
        new CheckpointFetch(
            s3,
            prefix,
            temp.resolve("m"),
            new CheckpointFetch.Options(4, PART, CheckpointFetch.Content.CHECKPOINT));

    assertThatThrownBy(
            () ->
                fetch.run(
                    _ ->
                        s3.putObject(
                            r -> r.bucket("models").key(prefix.key() + "model.safetensors"),
                            RequestBody.fromBytes(new byte[750_000]))))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("model.safetensors: it was changed while it was fetched");

    assertThat(temp.resolve("m/model.safetensors")).doesNotExist();
  }

  @Test
  void refusesAServerThatIgnoresRanges() throws Exception {
    put("model.safetensors", 2 * PART);
    try (S3Client whole = new WholeObjects(s3)) {
      assertThatThrownBy(() -> fetch(whole, CheckpointFetch.Content.CHECKPOINT))
          .isInstanceOf(OutcropException.class)
          .hasMessageContaining("its server does not send the part of it that was asked for");
    }

    assertThat(temp.resolve("m/model.safetensors")).doesNotExist();
  }

  /** A server that gives all of an object, whatever part of it is asked for. */
  private static final class WholeObjects extends DelegatingS3Client {
    WholeObjects(S3Client real) {
      super(real);
    }

    @Override
    public <R> R getObject(
        GetObjectRequest request, ResponseTransformer<GetObjectResponse, R> transformer) {
      return super.getObject(request.copy(r -> r.range(null)), transformer);
    }

    @Override
    public void close() {
      // the real one goes on
    }
  }
}
