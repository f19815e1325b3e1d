package dev.outcrop.serving.testing;

import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;

/**
 * Clients of the AWS SDK that ask once: the sync one speaks HTTP/1.1, the async one cleartext
 * HTTP/2. They are patient: after 30 s without a byte on one stream, which a busy machine can make
 * of a prompt, the async one closes the connection under its other streams and calls those
 * complete.
 */
public final class SdkClients {
  private static final StaticCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any"));

  private static final Duration PATIENCE = Duration.ofMinutes(2);

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
    return BedrockRuntimeAsyncClient.builder()
        .httpClientBuilder(
            NettyNioAsyncHttpClient.builder()
                .maxConcurrency(100)
                .connectionAcquisitionTimeout(PATIENCE)
                .readTimeout(PATIENCE))
        .endpointOverride(endpoint)
        .region(Region.US_EAST_1)
        .credentialsProvider(CREDENTIALS)
        .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
        .build();
  }
}
