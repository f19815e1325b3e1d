package dev.outcrop.serving.batchjobs;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.S3Config;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.s3.S3Clients;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Objects of any S3 endpoint. Output goes up in parts, so that none has to fit in memory. */
final class BucketStorage implements Storage<Place.InBucket>, AutoCloseable {
  private static final String SUFFIX = ".jsonl";

  private final Supplier<S3Client> clients;
  private @Nullable S3Client client;

  BucketStorage(S3Config config) {
    this.clients = () -> S3Clients.of(config);
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
    return Fields.invalid("Cannot %s %s: %s".formatted(verb, place.uri(), S3Clients.reason(e)));
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
