package dev.outcrop.serving.batchjobs;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/** An output object: in one request where it is small, else in parts. */
final class BucketUpload extends Storage.Upload {
  /** S3 takes 10,000 parts; they grow so that these come to more than its largest object. */
  private static final int FIRST_PART = 8 << 20;

  private static final int LARGEST_PART = 512 << 20;
  private static final int PARTS_OF_A_SIZE = 1_000;

  private final S3Client client;
  private final Destination to;
  private final ByteArrayOutputStream part = new ByteArrayOutputStream();
  private final List<CompletedPart> parts = new ArrayList<>();
  private int partSize = FIRST_PART;
  private @Nullable String upload;
  private boolean committed;

  BucketUpload(S3Client client, Destination to) {
    this.client = client;
    this.to = to;
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) {
    int at = from;
    while (at < from + length) {
      int size = Math.min(from + length - at, partSize - part.size());
      part.write(bytes, at, size);
      at += size;
      if (part.size() == partSize) {
        send();
      }
    }
  }

  String begin() {
    String id = upload;
    if (id == null) {
      id =
          sent(() ->
                  client.createMultipartUpload(
                      request ->
                          request
                              .bucket(to.place().bucket())
                              .key(to.key())
                              .expectedBucketOwner(to.owner())
                              .serverSideEncryption(to.encryption())
                              .ssekmsKeyId(to.encryptionKey())))
              .uploadId();
      upload = id;
    }
    return id;
  }

  private void send() {
    String id = begin();
    int number = parts.size() + 1;
    String tag =
        sent(() ->
                client.uploadPart(
                    request ->
                        request
                            .bucket(to.place().bucket())
                            .key(to.key())
                            .expectedBucketOwner(to.owner())
                            .uploadId(id)
                            .partNumber(number),
                    RequestBody.fromBytes(part.toByteArray())))
            .eTag();
    parts.add(CompletedPart.builder().partNumber(number).eTag(tag).build());
    part.reset();
    if (parts.size() % PARTS_OF_A_SIZE == 0) {
      partSize = Math.min(2 * partSize, LARGEST_PART);
    }
  }

  @Override
  void commit() {
    if (upload == null) {
      put();
    } else {
      if (part.size() > 0) {
        send();
      }
      complete(begin());
    }
    committed = true;
  }

  private void put() {
    sent(
        () ->
            client.putObject(
                request ->
                    request
                        .bucket(to.place().bucket())
                        .key(to.key())
                        .expectedBucketOwner(to.owner())
                        .serverSideEncryption(to.encryption())
                        .ssekmsKeyId(to.encryptionKey()),
                RequestBody.fromBytes(part.toByteArray())));
  }

  private void complete(String id) {
    sent(
        () ->
            client.completeMultipartUpload(
                request ->
                    request
                        .bucket(to.place().bucket())
                        .key(to.key())
                        .expectedBucketOwner(to.owner())
                        .uploadId(id)
                        .multipartUpload(all -> all.parts(parts))));
  }

  /** What S3 answers; what it refuses is for the client to read. */
  private <T> T sent(Supplier<T> request) {
    try {
      return request.get();
    } catch (SdkException e) {
      throw BucketStorage.failed("write", to.place(), e);
    }
  }

  @Override
  public void close() {
    String id = upload;
    if (!committed && id != null) {
      try {
        client.abortMultipartUpload(
            request ->
                request
                    .bucket(to.place().bucket())
                    .key(to.key())
                    .expectedBucketOwner(to.owner())
                    .uploadId(id));
      } catch (SdkException e) {
        // An unfinished upload may stay; a rule of the bucket that ends such is the cure.
      }
    }
  }

  /** Where an object goes. */
  record Destination(
      Place.InBucket place, String key, @Nullable String owner, @Nullable String encryptionKey) {
    @Nullable ServerSideEncryption encryption() {
      return encryptionKey == null ? null : ServerSideEncryption.AWS_KMS;
    }
  }
}
