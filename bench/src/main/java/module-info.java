/** Benchmarks and the one result format they all print. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.bench {
  requires static transitive org.jspecify;
  requires dev.outcrop.models;
  requires com.fasterxml.jackson.databind;
  requires info.picocli;
  requires java.management;
  requires java.net.http;
  requires jdk.management;
  requires software.amazon.eventstream;

  exports dev.outcrop.bench;

  opens dev.outcrop.bench to
      info.picocli,
      com.fasterxml.jackson.databind;
}
