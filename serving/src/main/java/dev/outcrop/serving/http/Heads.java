package dev.outcrop.serving.http;

import dev.outcrop.serving.auth.RequestHead;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.util.List;

/** What of a request is there before its body. */
final class Heads {
  private Heads() {}

  static RequestHead of(ServerRequest request) {
    return new RequestHead(
        request.prologue().method().text(),
        request.prologue().uriPath().rawPath(),
        request.prologue().query().rawValue(),
        name -> request.headers().all(HeaderNames.create(name), List::of));
  }
}
