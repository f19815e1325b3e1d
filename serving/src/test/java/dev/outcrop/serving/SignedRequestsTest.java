package dev.outcrop.serving;

import static dev.outcrop.serving.testing.SignedServer.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.SignedServer;
import dev.outcrop.serving.testing.Signer;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are signed with an access key of the policy file, header by header. */
final class SignedRequestsTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String PATH = "/model/demo/converse";

  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = SignedServer.start(folder);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void takesSignaturesWithoutABodyHash() throws IOException {
    assertThat(post(signer(), PATH, HI).status()).isEqualTo(200);
    String encoded = "/model/meta.llama3-1-8b-instruct-v1%3A0/converse";
    assertThat(post(signer(), encoded, HI).status()).isEqualTo(200);
    Signer more = signer();
    more.headers.put("content-type", "application/json");
    more.headers.put("x-amzn-bedrock-accept", "*/*");
    assertThat(post(more, PATH, HI).status()).isEqualTo(200);
  }

  @Test
  void takesTheNameThatTheHostHasOverHttp2() throws IOException {
    Signer signer = signer();
    signer.hostName = ":authority";

    assertThat(post(signer, PATH, HI).status()).isEqualTo(200);
    server.batcher.requests.clear();
    refused(send(PATH, HI, signer.lines("POST", PATH, "example.com", HI)), MISMATCH);
  }

  @Test
  void refusesAnotherBodyThanTheOneThatWasSigned() throws IOException {
    Signer signer = signer();
    String other = HI.replace("hi", "ho");

    refused(send(PATH, other, signer.lines("POST", PATH, "localhost", HI)), MISMATCH);
    signer.headers.put("x-amz-content-sha256", Signer.sha256(HI));
    refused(send(PATH, other, signer.lines("POST", PATH, "localhost", HI)), MISMATCH);
    assertThat(send(PATH, HI, signer.lines("POST", PATH, "localhost", HI)).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        ""
      })
  void refusesSignaturesThatLeaveTheBodyOut(String payload) throws IOException {
    Signer signer = signer();
    signer.headers.put("x-amz-content-sha256", payload);

    refused(send(PATH, HI, signer.lines("POST", PATH, "localhost", payload, true)), MISMATCH);
  }

  @Test
  void refusesSignaturesForSomethingElse() throws IOException {
    Signer s3 = signer();
    s3.service = "s3";
    refused(post(s3, PATH, HI), "Credential should be scoped to correct service: 'bedrock'.");
    Signer elsewhere = signer();
    elsewhere.region = "us-west-2";
    refused(post(elsewhere, PATH, HI), "Credential should be scoped to a valid region.");
    refused(
        send(PATH, HI, signer().lines("POST", "/model/other/converse", "localhost", HI)), MISMATCH);
    refused(send(PATH, HI, signer().lines("GET", PATH, "localhost", HI)), MISMATCH);
    refused(send(PATH, HI, signer().lines("POST", PATH, "example.com", HI)), MISMATCH);
    refused(
        send(PATH, HI, signer().lines("POST", PATH, "localhost", Signer.sha256(HI), false)),
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    Signer mantle = signer();
    mantle.service = "bedrock-mantle";
    assertThat(post(mantle, PATH, HI).status()).isEqualTo(200);
  }

  @Test
  void refusesClocksThatAreOff() throws IOException {
    Signer late = signer();
    late.time = late.time.minus(Duration.ofMinutes(10));
    refused(post(late, PATH, HI), "Signature expired: ");
    Signer early = signer();
    early.time = early.time.plus(Duration.ofMinutes(10));
    refused(post(early, PATH, HI), "Signature not yet current: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=AKPLAIN/20260101/us-east-1/bedrock/aws4_request",
        "AWS4-HMAC-SHA512 Credential=x, SignedHeaders=host, Signature=y",
        "AWS4-HMAC-SHA256 Credential=AKPLAIN/x, SignedHeaders=host, Signature=y",
        "AWS4-ECDSA-P256-SHA256 Credential=x, SignedHeaders=host, Signature=y"
      })
  void refusesSignaturesThatLackSomething(String authorization) throws IOException {
    RawHttp.Response response = send(PATH, HI, "Authorization: " + authorization + "\r\n");

    assertThat(response.status()).isEqualTo(403);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("IncompleteSignatureException");
  }

  @Test
  void refusesAHeaderThatIsSignedTwice() throws IOException {
    String lines = signer().lines("POST", PATH, "localhost", HI);
    RawHttp.Response response = send(PATH, HI, lines.replace("host;", "host;host;"));

    assertThat(response.status()).isEqualTo(403);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("IncompleteSignatureException");
    assertThat(response.text()).contains("SignedHeaders has a name twice.");
  }

  @Test
  void tellsNobodyWhetherARouteExists() throws IOException {
    String body = "[";
    RawHttp.Response there = send(PATH, body, wrong().lines("POST", PATH, "localhost", body));
    RawHttp.Response not = send("/x", body, wrong().lines("POST", "/x", "localhost", body));

    assertThat(there.status()).isEqualTo(403);
    assertThat(not.status()).isEqualTo(403);
    assertThat(there.text()).isEqualTo(not.text());
    assertThat(post(signer(), "/x", "{}").status()).isEqualTo(404);
  }

  private static final String MISMATCH =
      "The request signature we calculated does not match the signature you provided.";

  private static Signer signer() {
    return new Signer("AKPLAIN", SECRET);
  }

  private static Signer wrong() {
    return new Signer("AKPLAIN", SECRET + "x");
  }

  private RawHttp.Response post(Signer signer, String path, String body) throws IOException {
    return send(path, body, signer.lines("POST", path, "localhost", body));
  }

  private RawHttp.Response send(String path, String body, String headers) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", path, body, headers));
      return http.response();
    }
  }

  private void refused(RawHttp.Response response, String message) {
    assertThat(response.text()).contains(message);
    assertThat(response.status()).isEqualTo(403);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("InvalidSignatureException");
    assertThat(server.batcher.requests).isEmpty();
  }
}
