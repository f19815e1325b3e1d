package dev.outcrop.serving.batchjobs;

import java.util.List;

/** All kinds of storage, by what the operator allows. Safe to use from any thread. */
final class Storages implements AutoCloseable {
  private final Locations locations;
  private final FolderStorage folders = new FolderStorage();
  private final BucketStorage buckets;

  Storages(Locations locations, BucketStorage buckets) {
    this.locations = locations;
    this.buckets = buckets;
  }

  /** Refuses a place that a tenant may not use; looks at nothing there. */
  void check(JobRequest.Where where, String tenant) {
    locations.place(where.uri(), tenant);
  }

  /** The files of an input. */
  List<Storage.Source> sources(JobRequest.Where where, String tenant) {
    return switch (locations.place(where.uri(), tenant)) {
      case Place.InFolder folder -> folders.sources(folder, where.owner());
      case Place.InBucket bucket -> buckets.sources(bucket, where.owner());
    };
  }

  /** The folder of a job in an output. */
  Storage.Target target(JobRequest.Where where, String tenant, String jobId) {
    return switch (locations.place(where.uri(), tenant)) {
      case Place.InFolder folder -> folders.target(folder, jobId, where.owner(), where.key());
      case Place.InBucket bucket -> buckets.target(bucket, jobId, where.owner(), where.key());
    };
  }

  @Override
  public void close() {
    buckets.close();
  }
}
