package dev.outcrop.bench.endpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.bench.scenario.Message;
import dev.outcrop.bench.scenario.Question;
import dev.outcrop.bench.scenario.Tool;
import dev.outcrop.serving.client.Authorization;
import dev.outcrop.serving.client.ConverseStreamClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;

/** A server with Bedrock's ConverseStream: Outcrop, or Bedrock itself. */
final class ConverseTarget implements Target {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI server;
  private final String model;
  private final ConverseStreamClient client;

  ConverseTarget(URI server, String model, Authorization authorization, HttpClient http) {
    this.server = Address.shown(server);
    this.model = model;
    this.client = new ConverseStreamClient(server, model, authorization, http);
  }

  @Override
  public Api api() {
    return Api.CONVERSE;
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
    ObjectNode body = JSON.createObjectNode();
    if (question.system() != null) {
      body.putArray("system").addObject().put("text", question.system());
    }
    ArrayNode messages = body.putArray("messages");
    for (Message message : question.messages()) {
      messages
          .addObject()
          .put("role", message.role())
          .putArray("content")
          .addObject()
          .put("text", message.text());
    }
    body.putObject("inferenceConfig")
        .put("maxTokens", question.maxTokens())
        .put("temperature", question.temperature());
    if (!question.tools().isEmpty()) {
      ArrayNode tools = body.putObject("toolConfig").putArray("tools");
      for (Tool tool : question.tools()) {
        tools
            .addObject()
            .putObject("toolSpec")
            .put("name", tool.name())
            .put("description", tool.description())
            .putObject("inputSchema")
            .set("json", JSON.valueToTree(tool.schema()));
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
    client.ask(
        body,
        new ConverseStreamClient.Listener() {
          private int input;
          private int cached;

          @Override
          public void delta(String text) {
            listener.delta(text);
          }

          @Override
          public void prompted(int tokens, int cachedTokens) {
            input = tokens;
            cached = cachedTokens;
          }

          @Override
          public void ended(int outputTokens) {
            listener.usage(input, cached, outputTokens);
          }
        });
  }

  @Override
  public void close() {
    client.close();
  }
}
