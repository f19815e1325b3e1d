package dev.outcrop.bench.endpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.client.Authorization;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a server says in its list of models, which Outcrop and servers with OpenAI's API have.
 *
 * @param listed whether there is such a list
 * @param outcrop whether Outcrop says it
 * @param ids the models' ids
 */
record ServedModels(boolean listed, boolean outcrop, List<String> ids) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  static ServedModels of(URI server, HttpClient http, Authorization authorization)
      throws IOException, InterruptedException {
    String completions = OpenAiTarget.completions(server).getPath();
    URI list = server.resolve(completions.replace("/chat/completions", "/models"));
    HttpRequest.Builder request = HttpRequest.newBuilder(list).timeout(PATIENCE).GET();
    authorization.headers(list, new byte[0]).forEach(request::header);
    HttpResponse<String> response;
    try {
      response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (ConnectException e) { // has no message of its own
      throw new IOException("nobody answers at " + Address.shown(server), e);
    }
    if (response.statusCode() == 401 || response.statusCode() == 403) {
      throw new IOException(
          "%s does not list its models without a key; give --key, or --api and --model"
              .formatted(Address.shown(server)));
    }
    return read(response.statusCode(), response.body());
  }

  static ServedModels read(int status, String body) {
    try {
      JsonNode data = status == 200 ? JSON.readTree(body).path("data") : JSON.nullNode();
      List<String> ids = new ArrayList<>();
      boolean outcrop = false;
      for (JsonNode model : data) {
        ids.add(model.path("id").asText());
        outcrop |= model.path("owned_by").asText().equals("outcrop");
      }
      return new ServedModels(data.isArray(), outcrop, ids);
    } catch (JsonProcessingException e) {
      return new ServedModels(false, false, List.of());
    }
  }

  /** The API to ask by: Bedrock's where Outcrop answers or there is no such list. */
  Api api() {
    return listed && !outcrop ? Api.OPENAI : Api.CONVERSE;
  }

  /** The only model. */
  String only(URI server) throws IOException {
    if (ids.size() == 1) {
      return ids.getFirst();
    }
    throw new IOException(
        ids.isEmpty()
            ? "--model must name a model: %s does not list any".formatted(Address.shown(server))
            : "--model must be one of %s".formatted(String.join(", ", ids)));
  }
}
