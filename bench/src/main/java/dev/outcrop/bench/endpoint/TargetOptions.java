package dev.outcrop.bench.endpoint;

import dev.outcrop.serving.client.Authorization;
import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a command that asks a server. */
public final class TargetOptions {
  private static final Pattern HEADER = Pattern.compile("[!-~]+");
  private static final Pattern BEDROCK =
      Pattern.compile(
          "bedrock-runtime(?:-fips)?\\.([a-z0-9-]+)\\.(amazonaws\\.com(\\.cn)?|api\\.aws)");
  private static final Pattern OPENAI = Pattern.compile("api\\.openai\\.com");
  private static final Pattern OPENAI_PATH = Pattern.compile("(?:.*/)?v1(?:/chat/completions)?/*");
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(?:\\.[0-9]{1,3}){3}|\\[(?:::|0:0:0:0:0:0:0:)1]");
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final String KEEP_ALIVE = "jdk.httpclient.keepalive.timeout";

  @Option(
      names = "--target",
      required = true,
      description =
          "The server, such as http://127.0.0.1:8080 or https://bedrock-runtime.us-east-1.amazonaws.com")
  private String target = "";

  @Option(
      names = "--api",
      description =
          "How to ask it: converse (Outcrop, Bedrock) or openai (chat completions). By default what"
              + " the address or the server's list of models tells")
  private @Nullable Api api;

  @Option(names = "--model", description = "The model id; by default the only one that is served")
  private @Nullable String model;

  @Option(
      names = "--key",
      description =
          "An API key. By default that of AWS_BEARER_TOKEN_BEDROCK for converse or OPENAI_API_KEY"
              + " for openai, where it is set; it is shown only to Bedrock or OpenAI over https, to"
              + " this machine, or where --api is given")
  private @Nullable String key;

  @Option(
      names = "--region",
      description =
          "Sign requests for this AWS region (SigV4) with the credentials that the AWS SDK finds; by"
              + " default so for Bedrock without a key")
  private @Nullable String region;

  private final Map<String, String> environment;

  /** Options whose keys may stand in the environment of the process. */
  public TargetOptions() {
    this(System.getenv());
  }

  TargetOptions(Map<String, String> environment) {
    this.environment = environment;
  }

  /** Refuses what is wrong with the options before anything is sent. */
  public void check(Bounds bounds) {
    bounds.that(
        Address.read(target) != null,
        "--target must be like http://127.0.0.1:8080, " + Address.refused(target));
    bounds.that(model == null || !model.isBlank(), "--model must not be empty");
    bounds.that(key == null || isPlain(key), "--key must be plain characters");
    bounds.that(key == null || region == null, "--key and --region are two ways to say who asks");
    bounds.that(region == null || api != Api.OPENAI, "--region signs for converse, not for openai");
  }

  /**
   * Opens it, after {@link #check}.
   *
   * @throws IOException in one sentence where the server does not answer, or serves several models
   *     and none is named
   */
  public Target open() throws IOException, InterruptedException {
    URI server = Objects.requireNonNull(Address.read(target));
    Matcher bedrock = BEDROCK.matcher(server.getHost());
    boolean isBedrock = bedrock.matches();
    Api known = api != null ? api : isBedrock || region != null ? Api.CONVERSE : byPath(server);
    HttpClient http = client();
    String id = model;
    if (known == null || id == null) {
      if (isBedrock) {
        http.close();
        throw new IOException("--model must name Bedrock's model or inference profile");
      }
      // A key of the environment is shown to nobody whose API is not known.
      Authorization asking =
          known != null
              ? authorization(server, known, null)
              : key == null ? Authorization.NONE : bearer(key, "--key");
      ServedModels served = ServedModels.of(server, http, asking);
      known = known == null ? served.api() : known;
      id = id == null ? served.only(server) : id;
    }
    String signFor = region != null ? region : isBedrock ? bedrock.group(1) : null;
    Authorization authorization = authorization(server, known, signFor);
    return switch (known) {
      case CONVERSE -> new ConverseTarget(server, id, authorization, http);
      case OPENAI -> new OpenAiTarget(server, id, authorization, http);
    };
  }

  private static HttpClient client() {
    // Servers close idle connections, some after 5 s. Who is about to send must not meet that.
    if (System.getProperty(KEEP_ALIVE) == null) {
      System.setProperty(KEEP_ALIVE, "3");
    }
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(CONNECT)
        .executor(Executors.newVirtualThreadPerTaskExecutor())
        .build();
  }

  static @Nullable Api byPath(URI server) {
    boolean openAi = server.getPath() != null && OPENAI_PATH.matcher(server.getPath()).matches();
    return openAi ? Api.OPENAI : null;
  }

  Authorization authorization(URI server, Api known, @Nullable String signFor) throws IOException {
    if (key != null) {
      return bearer(key, "--key");
    }
    String name = known == Api.CONVERSE ? "AWS_BEARER_TOKEN_BEDROCK" : "OPENAI_API_KEY";
    String found = environment.get(name);
    if (region == null && found != null && !found.isBlank() && mayHave(server, known)) {
      return bearer(found, name);
    }
    return signFor == null ? Authorization.NONE : Signature.byDefault(signFor);
  }

  /**
   * Whether a server may have a key that the environment holds for another one: it is whom the key
   * is for, or this machine, or whoever asks said how to ask it.
   */
  private boolean mayHave(URI server, Api known) {
    Pattern owner = known == Api.CONVERSE ? BEDROCK : OPENAI;
    String host = server.getHost().toLowerCase(Locale.ROOT);
    return api != null
        || LOOPBACK.matcher(host).matches()
        || ("https".equals(server.getScheme()) && owner.matcher(host).matches());
  }

  /** Files and secrets often end with a line break, which is no part of a key. */
  private static Authorization bearer(String found, String name) throws IOException {
    if (!isPlain(found)) {
      throw new IOException(name + " must be plain characters");
    }
    return Authorization.bearer(found);
  }

  private static boolean isPlain(String found) {
    return HEADER.matcher(found.strip()).matches();
  }
}
