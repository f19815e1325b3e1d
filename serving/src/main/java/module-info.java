/** The Amazon Bedrock API over HTTP/1.1 and HTTP/2. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // the benchmarks are compiled later
module dev.outcrop.serving {
  requires static transitive org.jspecify;
  requires transitive dev.outcrop.batching;
  requires transitive dev.outcrop.models;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires io.helidon.webserver;
  requires io.helidon.webserver.http2;
  requires info.picocli;
  requires java.logging;
  requires java.net.http;
  requires jdk.httpserver;
  requires org.slf4j;
  requires simpleclient;
  requires simpleclient.common;
  requires software.amazon.awssdk.awscore;
  requires software.amazon.awssdk.core;
  requires software.amazon.awssdk.http;
  requires software.amazon.awssdk.http.urlconnection;
  requires software.amazon.awssdk.regions;
  requires software.amazon.awssdk.services.s3;
  requires software.amazon.awssdk.utils;
  requires software.amazon.eventstream;

  exports dev.outcrop.serving;
  exports dev.outcrop.serving.bedrock to
      dev.outcrop.bench;
  exports dev.outcrop.serving.client;
  exports dev.outcrop.serving.config;
  exports dev.outcrop.serving.embed;
  exports dev.outcrop.serving.generate;
  exports dev.outcrop.serving.options;
  exports dev.outcrop.serving.plan;
  exports dev.outcrop.serving.prices;

  opens dev.outcrop.serving.cli to
      info.picocli;
  opens dev.outcrop.serving.options to
      info.picocli;
}
