package dev.outcrop.k8s.keda;

import dev.outcrop.k8s.ScalingSource;
import dev.outcrop.k8s.tls.ClientTrust;
import dev.outcrop.k8s.tls.ServerIdentity;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The external-push scaler that ScaledObjects of KEDA name as {@code scalerAddress}, and the health
 * service of gRPC beside it. Every replica of signals serves it, as KEDA asks them in turn. Started
 * and closed by one thread.
 */
public final class KedaScaler implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KedaScaler.class);
  private static final int MAX_MESSAGE = 64 * 1_024;
  private static final int MAX_CALLS_PER_CONNECTION = 1_000;
  private static final long HANDSHAKE_SECONDS = 10;
  private static final long SILENCE_SECONDS = 60;
  private static final long GRACE_SECONDS = 2;

  private final Server server;
  private final Scaler scaler;
  private final HealthStatusManager health;
  private final Resources resources;
  private boolean closed;

  /** What a server holds besides itself. */
  private record Resources(
      EventLoopGroup accepting,
      EventLoopGroup serving,
      ExecutorService answering,
      @Nullable ServerIdentity identity,
      @Nullable ClientTrust trust) {
    void release() {
      if (identity != null) {
        identity.close();
      }
      if (trust != null) {
        trust.close();
      }
      accepting.shutdownGracefully(0, GRACE_SECONDS, TimeUnit.SECONDS);
      serving.shutdownGracefully(0, GRACE_SECONDS, TimeUnit.SECONDS);
      answering.shutdown();
    }
  }

  private KedaScaler(
      Server server, Scaler scaler, HealthStatusManager health, Resources resources) {
    this.server = server;
    this.scaler = scaler;
    this.health = health;
    this.resources = resources;
  }

  /**
   * Begins to listen.
   *
   * @throws IllegalArgumentException where the certificates cannot be used; it names their files
   * @throws IllegalStateException where the port is taken
   */
  public static KedaScaler start(KedaConfig config, ScalingSource source) {
    Resources resources = resources(config);
    Scaler scaler = new Scaler(source, config.maxStreams());
    try {
      HealthStatusManager health = new HealthStatusManager();
      health.setStatus(Contract.SERVICE, ServingStatus.SERVING);
      Server server = server(config, resources, scaler, health).start();
      LOG.info("KEDA is answered on {} port {}", config.host(), server.getPort());
      return new KedaScaler(server, scaler, health, resources);
    } catch (IOException e) {
      scaler.close();
      resources.release();
      throw new IllegalStateException(
          "cannot listen on %s port %d for KEDA".formatted(config.host(), config.port()), e);
    }
  }

  /** The port. */
  public int port() {
    return server.getPort();
  }

  /** Tells clients that it goes, ends their streams and stops. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    health.enterTerminalState();
    scaler.close();
    server.shutdown();
    try {
      server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      server.shutdownNow();
      resources.release();
    }
  }

  /** How many streams are open; for tests. */
  int openStreams() {
    return scaler.open();
  }

  private static Resources resources(KedaConfig config) {
    Path certificate = config.certificateFile();
    Path key = config.keyFile();
    Path clientCa = config.clientCaFile();
    ClientTrust trust = clientCa == null ? null : ClientTrust.open(clientCa, config.reload());
    ServerIdentity identity;
    try {
      identity =
          certificate == null || key == null
              ? null
              : ServerIdentity.open(certificate, key, config.reload());
    } catch (IllegalArgumentException e) {
      if (trust != null) {
        trust.close();
      }
      throw e;
    }
    return new Resources(
        loop("outcrop-keda-accept"),
        loop("outcrop-keda"),
        Executors.newVirtualThreadPerTaskExecutor(),
        identity,
        trust);
  }

  private static EventLoopGroup loop(String name) {
    return new MultiThreadIoEventLoopGroup(
        1, Thread.ofPlatform().name(name).daemon().factory(), NioIoHandler.newFactory());
  }

  /** Java's own TLS and sockets: Netty's native ones would unpack libraries to a writable path. */
  private static Server server(
      KedaConfig config, Resources resources, Scaler scaler, HealthStatusManager health)
      throws SSLException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(config.host(), config.port()))
            .bossEventLoopGroup(resources.accepting)
            .workerEventLoopGroup(resources.serving)
            .channelType(NioServerSocketChannel.class)
            .executor(resources.answering)
            .maxInboundMessageSize(MAX_MESSAGE)
            .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
            .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTime(SILENCE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
            .permitKeepAliveTime(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addService(scaler.service())
            .addService(health.getHealthService());
    if (resources.identity != null) {
      builder.sslContext(tls(resources.identity, resources.trust));
    }
    return builder.build();
  }

  private static SslContext tls(ServerIdentity identity, @Nullable ClientTrust trust)
      throws SSLException {
    SslContextBuilder builder =
        GrpcSslContexts.configure(SslContextBuilder.forServer(identity), SslProvider.JDK)
            .protocols("TLSv1.3")
            // A resumed session is not judged anew by the authorities of the moment.
            .sessionTimeout(SILENCE_SECONDS);
    if (trust != null) {
      builder.trustManager(trust).clientAuth(ClientAuth.REQUIRE);
    }
    return builder.build();
  }
}
