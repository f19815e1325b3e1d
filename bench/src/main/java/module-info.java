/** Benchmarks and the one result format they all print. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.bench {
  requires static transitive org.jspecify;
  requires dev.outcrop.batching;
  requires dev.outcrop.k8s;
  requires dev.outcrop.models;
  requires dev.outcrop.serving;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires info.picocli;
  requires HdrHistogram;
  requires java.management;
  requires java.net.http;
  requires jdk.management;
  requires jmh.core;
  requires org.apache.commons.statistics.distribution;
  requires org.apache.commons.statistics.inference;
  requires software.amazon.awssdk.auth;
  requires software.amazon.awssdk.core;
  requires software.amazon.awssdk.http;
  requires software.amazon.awssdk.http.auth.aws;
  requires software.amazon.awssdk.http.auth.spi;
  requires software.amazon.awssdk.identity.spi;
  requires software.amazon.eventstream;

  exports dev.outcrop.bench;
  exports dev.outcrop.bench.batching;
  exports dev.outcrop.bench.compare;
  exports dev.outcrop.bench.dollars;
  exports dev.outcrop.bench.encode;
  exports dev.outcrop.bench.endpoint;
  exports dev.outcrop.bench.gpu;
  exports dev.outcrop.bench.grammar;
  exports dev.outcrop.bench.http;
  exports dev.outcrop.bench.load;
  exports dev.outcrop.bench.micro;
  exports dev.outcrop.bench.options;
  exports dev.outcrop.bench.peers;
  exports dev.outcrop.bench.report;
  exports dev.outcrop.bench.scaling;
  exports dev.outcrop.bench.scenario;
  exports dev.outcrop.bench.scheduler;
  exports dev.outcrop.bench.soak;

  opens dev.outcrop.bench to
      info.picocli;
  opens dev.outcrop.bench.batching to
      info.picocli;
  opens dev.outcrop.bench.compare to
      info.picocli;
  opens dev.outcrop.bench.dollars to
      info.picocli;
  opens dev.outcrop.bench.encode to
      info.picocli;
  opens dev.outcrop.bench.endpoint to
      info.picocli;
  opens dev.outcrop.bench.http to
      info.picocli;
  opens dev.outcrop.bench.gpu to
      info.picocli;
  opens dev.outcrop.bench.grammar to
      info.picocli;
  opens dev.outcrop.bench.load to
      info.picocli;
  opens dev.outcrop.bench.micro to
      info.picocli;
  opens dev.outcrop.bench.options to
      info.picocli;
  opens dev.outcrop.bench.peers to
      info.picocli;
  opens dev.outcrop.bench.report to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens dev.outcrop.bench.scaling to
      info.picocli;
  opens dev.outcrop.bench.scheduler to
      info.picocli;
  opens dev.outcrop.bench.soak to
      info.picocli;
}
