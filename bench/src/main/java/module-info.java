/** Benchmarks and the one result format they all print. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.bench {
  requires static transitive org.jspecify;
  requires dev.outcrop.models;
  requires dev.outcrop.serving;
  requires com.fasterxml.jackson.databind;
  requires info.picocli;
  requires java.management;
  requires jdk.management;

  exports dev.outcrop.bench;

  opens dev.outcrop.bench to
      info.picocli,
      com.fasterxml.jackson.databind;
}
