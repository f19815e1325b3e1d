package dev.outcrop.serving.images;

import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ConfigFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A server without models, which says when it listens: what of a start is not the model. {@code
 * serving/src/images/Start.java} times it.
 */
final class EmptyServer {
  private EmptyServer() {}

  public static void main(String[] arguments) throws IOException {
    try (OutcropServer server =
        OutcropServer.start(ConfigFile.read(Path.of(arguments[0])), List.of())) {
      System.out.println("listening on " + server.port());
      System.in.read(); // until whoever times it has seen enough
    }
  }
}
