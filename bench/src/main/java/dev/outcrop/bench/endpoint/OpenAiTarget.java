package dev.outcrop.bench.endpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.bench.scenario.Message;
import dev.outcrop.bench.scenario.Question;
import dev.outcrop.bench.scenario.Tool;
import dev.outcrop.serving.client.Authorization;
import dev.outcrop.serving.client.RefusedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A server with OpenAI's chat completions, streamed as server-sent events. */
final class OpenAiTarget implements Target {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DATA = "data:";
  private static final int MAX_ERROR_BYTES = 10_000;

  private final URI server;
  private final URI uri;
  private final String model;
  private final Authorization authorization;
  private final HttpClient http;

  OpenAiTarget(URI server, String model, Authorization authorization, HttpClient http) {
    this.server = Address.shown(server);
    this.uri = completions(server);
    this.model = model;
    this.authorization = authorization;
    this.http = http;
  }

  /** The address of chat completions, wherever in the API the given one points. */
  static URI completions(URI server) {
    String path = server.getPath() == null ? "" : server.getPath().replaceAll("/+$", "");
    if (path.endsWith("/chat/completions")) {
      return server;
    }
    return server.resolve((path.endsWith("/v1") ? path : path + "/v1") + "/chat/completions");
  }

  @Override
  public Api api() {
    return Api.OPENAI;
  }

  @Override
  public URI server() {
    return server;
  }

  @Override
  public String model() {
    return model;
  }

  @Override
  public byte[] body(Question question) {
    ObjectNode body = JSON.createObjectNode().put("model", model);
    ArrayNode messages = body.putArray("messages");
    if (question.system() != null) {
      messages.addObject().put("role", "system").put("content", question.system());
    }
    for (Message message : question.messages()) {
      messages.addObject().put("role", message.role()).put("content", message.text());
    }
    body.put("max_tokens", question.maxTokens());
    body.put("temperature", question.temperature());
    body.put("stream", true);
    body.putObject("stream_options").put("include_usage", true);
    if (question.ignoreEos()) {
      body.put("ignore_eos", true);
    }
    if (!question.tools().isEmpty()) {
      ArrayNode tools = body.putArray("tools");
      for (Tool tool : question.tools()) {
        tools
            .addObject()
            .put("type", "function")
            .putObject("function")
            .put("name", tool.name())
            .put("description", tool.description())
            .set("parameters", JSON.valueToTree(tool.schema()));
      }
    }
    try {
      return JSON.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a body is plain data", e);
    }
  }

  @Override
  public void ask(byte[] body, Listener listener) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("content-type", "application/json")
            .header("accept", "text/event-stream")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    authorization.headers(uri, body).forEach(request::header);
    HttpResponse<InputStream> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      if (response.statusCode() != 200) {
        throw new RefusedException(
            response.statusCode(),
            new String(in.readNBytes(MAX_ERROR_BYTES), StandardCharsets.UTF_8));
      }
      BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      boolean done = false;
      JsonNode usage = null; // some servers tell it with every piece; the last one is the answer's
      // To the end of the response, or its connection could not carry another request.
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(DATA) && !done) {
          String data = line.substring(DATA.length()).strip();
          done = data.equals("[DONE]");
          JsonNode told = done ? null : tell(data, listener);
          usage = told == null ? usage : told;
        }
      }
      if (!done) {
        throw new IOException("the stream ended before the answer did");
      }
      if (usage != null) {
        listener.usage(
            usage.path("prompt_tokens").asInt(),
            usage.at("/prompt_tokens_details/cached_tokens").asInt(),
            usage.path("completion_tokens").asInt());
      }
    }
  }

  /** Tells what an event says; returns the usage in it, or null. */
  private static @Nullable JsonNode tell(String data, Listener listener) throws IOException {
    JsonNode event;
    try {
      event = JSON.readTree(data);
    } catch (JsonProcessingException e) {
      throw new IOException("the stream holds an event that is no JSON", e);
    }
    if (event.hasNonNull("error")) {
      throw new IOException("the stream broke off: " + event.at("/error/message").asText());
    }
    JsonNode delta = event.at("/choices/0/delta");
    String text = delta.path("content").asText("");
    boolean other =
        !delta.path("reasoning_content").asText("").isEmpty()
            || !delta.path("reasoning").asText("").isEmpty()
            || !delta.path("tool_calls").isEmpty();
    if (other || !text.isEmpty()) {
      listener.delta(delta.path("content").isTextual() ? text : "");
    }
    JsonNode usage = event.path("usage");
    return usage.isObject() ? usage : null;
  }

  @Override
  public void close() {
    http.close();
  }
}
