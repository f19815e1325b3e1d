/** Autoscaling signals for Kubernetes, read from the serving pods. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.k8s {
  requires static transitive org.jspecify;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires com.google.protobuf;
  requires info.picocli;
  requires io.grpc;
  requires io.grpc.netty.shaded;
  requires io.grpc.protobuf;
  requires io.grpc.services;
  requires io.grpc.stub;
  requires io.helidon.common.tls;
  requires io.helidon.webserver;
  requires java.logging;
  requires java.naming;
  requires java.net.http;
  requires kubernetes.client.api;
  requires kubernetes.model.admissionregistration;
  requires kubernetes.model.apps;
  requires kubernetes.model.autoscaling;
  requires kubernetes.model.coordination;
  requires kubernetes.model.core;
  requires org.slf4j;
  requires simpleclient;
  requires simpleclient.common;

  exports dev.outcrop.k8s;
  exports dev.outcrop.k8s.policy;
  exports dev.outcrop.k8s.simulation;

  provides java.net.spi.InetAddressResolverProvider with
      dev.outcrop.k8s.tls.LiteralAddresses;

  opens dev.outcrop.k8s to
      info.picocli;
  opens dev.outcrop.k8s.config to
      com.fasterxml.jackson.databind;
}
