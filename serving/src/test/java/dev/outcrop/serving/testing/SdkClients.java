package dev.outcrop.serving.testing;

import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;

/**
 * Clients of the AWS SDK that ask once: the sync one speaks HTTP/1.1, the async one cleartext
 * HTTP/2. They are patient: after 30 s without a byte on one stream, which a busy machine can make
 * of a prompt or of a place in the queue, the async one closes the connection under its other
 * streams and calls those complete, in the middle of their answers.
 */
public final class SdkClients {
  private static final StaticCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any"));

  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private SdkClients() {}

  public static BedrockRuntimeClient sync(URI endpoint) {
    return BedrockRuntimeClient.builder()
        .endpointOverride(endpoint)
        .region(Region.US_EAST_1)
        .credentialsProvider(CREDENTIALS)
        .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
        .build();
  }

  public static BedrockRuntimeAsyncClient async(URI endpoint) {
    return async(endpoint, 1, () -> {});
  }

  /**
   * One that takes every certificate and tries again as often as it does by default. It has to
   * where connections end: now and then it is about to open a stream on one that it is just told to
   * open none on, and calls that a failure.
   */
  public static BedrockRuntimeAsyncClient retrying(URI endpoint) {
    return retrying(endpoint, () -> {});
  }

  /**
   * The same.
   *
   * @param onRetry hears of every attempt but the first
   */
  public static BedrockRuntimeAsyncClient retrying(URI endpoint, Runnable onRetry) {
    return async(endpoint, 3, onRetry);
  }

  private static BedrockRuntimeAsyncClient async(URI endpoint, int attempts, Runnable onRetry) {
    return BedrockRuntimeAsyncClient.builder()
        .httpClientBuilder(
            NettyNioAsyncHttpClient.builder()
                .maxConcurrency(100)
                .connectionAcquisitionTimeout(PATIENCE)
                .readTimeout(PATIENCE)
                .tlsTrustManagersProvider(TestCertificate::trustManagers))
        .endpointOverride(endpoint)
        .region(Region.US_EAST_1)
        .credentialsProvider(CREDENTIALS)
        .overrideConfiguration(
            c ->
                c.retryStrategy(r -> r.maxAttempts(attempts))
                    .addExecutionInterceptor(new Attempts(onRetry)))
        .build();
  }

  /** The SDK says of each attempt which one it is. */
  private record Attempts(Runnable onRetry) implements ExecutionInterceptor {
    @Override
    public void beforeTransmission(
        Context.BeforeTransmission context, ExecutionAttributes attributes) {
      boolean first =
          context
              .httpRequest()
              .firstMatchingHeader("amz-sdk-request")
              .map(attempt -> attempt.startsWith("attempt=1;"))
              .orElse(true);
      if (!first) {
        onRetry.run();
      }
    }
  }
}
