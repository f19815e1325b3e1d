package dev.outcrop.serving.batchjobs;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.S3Config;
import dev.outcrop.serving.json.Fields;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Objects of any S3 endpoint. Output goes up in parts, so that none has to fit in memory. */
final class BucketStorage implements Storage<Place.InBucket>, AutoCloseable {
  private static final String SUFFIX = ".jsonl";
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration SILENCE = Duration.ofMinutes(1);

  private final Supplier<S3Client> clients;
  private @Nullable S3Client client;

  BucketStorage(S3Config config) {
    this.clients = () -> client(config);
  }

  private static S3Client client(S3Config config) {
    S3ClientBuilder builder =
        S3Client.builder()
            .region(Region.of(config.region()))
            .httpClientBuilder(
                UrlConnectionHttpClient.builder().connectionTimeout(CONNECT).socketTimeout(SILENCE))
            // Endpoints other than AWS know neither the newer checksums nor their trailers.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
    String endpoint = config.endpoint();
    if (endpoint != null) {
      builder.endpointOverride(URI.create(endpoint)).forcePathStyle(true);
    }
    return builder.build();
  }

  private synchronized S3Client client() {
    S3Client made = client;
    if (made == null) {
      made = clients.get();
      client = made;
    }
    return made;
  }

  @Override
  public List<Source> sources(Place.InBucket place, @Nullable String owner) {
    if (place.key().endsWith(SUFFIX)) {
      InObject one = new InObject(this, place, place.key(), owner);
      one.check();
      return List.of(one);
    }
    String prefix = place.key().isEmpty() ? "" : place.key() + "/";
    List<Source> sources = new ArrayList<>();
    try {
      for (S3Object object :
          client()
              .listObjectsV2Paginator(
                  request ->
                      request
                          .bucket(place.bucket())
                          .prefix(prefix)
                          .delimiter("/")
                          .expectedBucketOwner(owner))
              .contents()) {
        if (object.key().endsWith(SUFFIX) && object.key().indexOf('/', prefix.length()) < 0) {
          Storage.add(sources, new InObject(this, place, object.key(), owner), place);
        }
      }
    } catch (SdkException e) {
      throw failed("read", place, e);
    }
    sources.sort(Comparator.comparing(Source::name));
    return sources;
  }

  @Override
  public Target target(
      Place.InBucket place, String folder, @Nullable String owner, @Nullable String key) {
    String prefix = (place.key().isEmpty() ? "" : place.key() + "/") + folder + "/";
    Target target =
        name ->
            new BucketUpload(
                client(), new BucketUpload.Destination(place, prefix + name, owner, key));
    // An upload that is begun and given up leaves nothing, and needs what the real ones will need.
    BucketUpload probe =
        new BucketUpload(
            client(),
            new BucketUpload.Destination(place, prefix + "manifest.json.out", owner, key));
    probe.begin();
    probe.close();
    return target;
  }

  @Override
  public synchronized void close() {
    if (client != null) {
      client.close();
    }
  }

  /** Says what S3 says, without request ids and endpoints. */
  static OutcropException failed(String verb, Place place, SdkException e) {
    String reason = "no connection, or no credentials";
    if (e instanceof AwsServiceException service) {
      String code =
          service.awsErrorDetails() == null ? null : service.awsErrorDetails().errorCode();
      reason =
          "HTTP %d%s"
              .formatted(service.statusCode(), code == null || code.isBlank() ? "" : " " + code);
    }
    return Fields.invalid("Cannot %s %s: %s".formatted(verb, place.uri(), reason));
  }

  /** An input object, opened when it is read. */
  private record InObject(
      BucketStorage storage, Place.InBucket place, String key, @Nullable String owner)
      implements Source {
    @Override
    public String name() {
      return key.substring(key.lastIndexOf('/') + 1);
    }

    void check() {
      try {
        storage
            .client()
            .headObject(
                request -> request.bucket(place.bucket()).key(key).expectedBucketOwner(owner));
      } catch (NoSuchKeyException e) {
        throw Fields.invalid("Cannot read %s: no such object".formatted(place.uri()));
      } catch (SdkException e) {
        throw failed("read", place, e);
      }
    }

    @Override
    public InputStream open() {
      try {
        return new SourceStream(
            storage
                .client()
                .getObject(
                    request -> request.bucket(place.bucket()).key(key).expectedBucketOwner(owner)),
            place);
      } catch (SdkException e) {
        throw failed("read", place, e);
      }
    }
  }
}
