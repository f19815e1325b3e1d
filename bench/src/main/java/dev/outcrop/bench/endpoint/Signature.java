package dev.outcrop.bench.endpoint;

import dev.outcrop.serving.client.Authorization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;

/** Signs requests as AWS does (Signature Version 4), with the credentials that the SDK finds. */
final class Signature implements Authorization {
  private static final String SERVICE = "bedrock";

  /** The HTTP client sets these by itself and refuses to be told. */
  private static final Set<String> OF_THE_CLIENT = Set.of("host", "content-length", "connection");

  private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
  private final IdentityProvider<AwsCredentialsIdentity> credentials;
  private final String region;

  Signature(String region, IdentityProvider<AwsCredentialsIdentity> credentials) {
    this.region = region;
    this.credentials = credentials;
  }

  /**
   * With the credentials of the environment, a profile, a role or the machine.
   *
   * @throws IOException where there are none
   */
  static Signature byDefault(String region) throws IOException {
    DefaultCredentialsProvider found = DefaultCredentialsProvider.builder().build();
    try {
      found.resolveCredentials();
    } catch (SdkException e) {
      throw new IOException("the AWS SDK finds no credentials to sign with", e);
    }
    return new Signature(region, found);
  }

  @Override
  public Map<String, String> headers(URI uri, byte[] body) {
    AwsCredentialsIdentity identity = credentials.resolveIdentity().join();
    SdkHttpRequest request =
        SdkHttpRequest.builder()
            .uri(uri)
            .method(SdkHttpMethod.POST)
            .putHeader("content-type", "application/json")
            .build();
    SignedRequest signed =
        signer.sign(
            sign ->
                sign.identity(identity)
                    .request(request)
                    .payload(() -> new ByteArrayInputStream(body))
                    .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, SERVICE)
                    .putProperty(AwsV4HttpSigner.REGION_NAME, region));
    return signed.request().headers().entrySet().stream()
        .filter(header -> !OF_THE_CLIENT.contains(header.getKey().toLowerCase(Locale.ROOT)))
        .filter(header -> !header.getKey().equalsIgnoreCase("content-type"))
        .collect(Collectors.toMap(Map.Entry::getKey, header -> first(header.getValue())));
  }

  private static String first(List<String> values) {
    return values.getFirst();
  }
}
