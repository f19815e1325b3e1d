package dev.outcrop.serving.batchjobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.http.ListQuery;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Batch inference of the control plane (bedrock 2023-04-20): Create-, Get-, List- and
 * StopModelInvocationJob, and the tags of jobs. Where jobs run, and where they read and write, is
 * the server's matter: {@code roleArn} and {@code vpcConfig} are kept and have no effect.
 */
public final class BatchJobsApi implements Api, AutoCloseable {
  private static final Pattern JOB = Pattern.compile("/model-invocation-job/(.+?)(/stop)?");
  private static final Pattern IDENTIFIER =
      Pattern.compile(
          "(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:model-invocation-job/)?([a-z0-9]{12})");
  private static final int MAX_IDENTIFIER = 1_011;
  private static final Map<String, String> NO_HEADERS = Map.of();

  private final Json json;
  private final UnaryOperator<String> models;
  private final JobView view;
  private final @Nullable BatchJobs jobs;

  private BatchJobsApi(
      Json json, UnaryOperator<String> models, JobView view, @Nullable BatchJobs jobs) {
    this.json = json;
    this.models = models;
    this.view = view;
    this.jobs = jobs;
  }

  /**
   * Opens the jobs; nothing runs before {@link #start}.
   *
   * @param inference the operations that records go through
   * @param models the operator's id of the model that a model id, as a path has it, means
   * @param arns the ARN of a job's id; jobs are found by those of any region and account
   */
  public static BatchJobsApi open(
      BatchJobsConfig config,
      Api inference,
      UnaryOperator<String> models,
      UnaryOperator<String> arns,
      Json json,
      Clock clock) {
    Path folder = config.folder();
    return new BatchJobsApi(
        json,
        models,
        new JobView(arns),
        folder == null ? null : BatchJobs.open(config, folder, inference, json, clock));
  }

  /** Goes on with the jobs that have not ended. */
  public void start() {
    if (jobs != null) {
      try {
        jobs.start();
      } catch (IOException e) {
        throw new OutcropException(
            ServingError.CONFIG_INVALID, "batch-jobs.folder cannot be read", e);
      }
    }
  }

  /**
   * Tells what runs to end; it goes on after the next start. Returns at once.
   *
   * @param within how long {@link #close} may wait for it, counted from now
   */
  public void end(Duration within) {
    if (jobs != null) {
      jobs.end(within);
    }
  }

  /** Ends what runs and waits for that, but not long. */
  @Override
  public void close() {
    if (jobs != null) {
      jobs.close();
    }
  }

  @Override
  public @Nullable Call route(String method, String rawPath) {
    boolean post = method.equals("POST");
    if (rawPath.equals("/model-invocation-job") && post) {
      return new Operation("CreateModelInvocationJob", this::create);
    }
    if (rawPath.equals("/model-invocation-jobs") && method.equals("GET")) {
      return new Operation("ListModelInvocationJobs", this::list);
    }
    if (rawPath.equals("/listTagsForResource") && post) {
      return new Operation("ListTagsForResource", this::tags);
    }
    Matcher job = JOB.matcher(rawPath);
    if (!job.matches()) {
      return null;
    }
    String id = job.group(1);
    if (job.group(2) != null) {
      return post ? new Operation("StopModelInvocationJob", x -> stop(x, id)) : null;
    }
    return method.equals("GET") ? new Operation("GetModelInvocationJob", x -> get(x, id)) : null;
  }

  private void create(Exchange exchange) throws IOException {
    BatchJobs open = open();
    JobRequest request = JobRequest.read(json.object(exchange.body()));
    exchange.model(models.apply(RecordRunner.escaped(request.modelId())));
    switch (open.create(request, exchange.caller())) {
      case BatchJobs.Outcome.Done(var job) ->
          send(exchange, Json.object().put("jobArn", view.arn(job)));
      case BatchJobs.Outcome.Conflict(var message) -> conflict(exchange, message);
      case BatchJobs.Outcome.TooMany(var message) ->
          exchange.fail(new ApiError(400, "ServiceQuotaExceededException", message));
    }
  }

  private void get(Exchange exchange, String rawId) {
    send(exchange, view.of(find(exchange, decoded(rawId))));
  }

  private void stop(Exchange exchange, String rawId) throws IOException {
    switch (open().stop(find(exchange, decoded(rawId)))) {
      case BatchJobs.Outcome.Done _ -> send(exchange, Json.object());
      case BatchJobs.Outcome.Conflict(var message) -> conflict(exchange, message);
      case BatchJobs.Outcome.TooMany(var message) -> conflict(exchange, message);
    }
  }

  private void list(Exchange exchange) {
    BatchJobs open = open();
    JobQuery.Page page = JobQuery.read(new ListQuery(exchange)).of(open.all(exchange.caller()));
    ObjectNode answer = Json.object();
    ArrayNode summaries = answer.putArray("invocationJobSummaries");
    page.jobs().forEach(job -> summaries.add(view.of(job)));
    if (page.nextToken() != null) {
      answer.put("nextToken", page.nextToken());
    }
    send(exchange, answer);
  }

  private void tags(Exchange exchange) {
    Fields fields = Fields.of(json.object(exchange.body()));
    Job job = find(exchange, fields.string("resourceARN", 1, MAX_IDENTIFIER));
    ObjectNode answer = Json.object();
    answer.putArray("tags").addAll(job.request().tags());
    send(exchange, answer);
  }

  private Job find(Exchange exchange, String identifier) {
    BatchJobs open = open();
    Matcher form = IDENTIFIER.matcher(identifier);
    if (identifier.length() > MAX_IDENTIFIER || !form.matches()) {
      throw Fields.invalid("The provided job identifier is invalid.");
    }
    return open.find(form.group(3), exchange.caller())
        .orElseThrow(
            () ->
                new OutcropException(
                    ServingError.MODEL_UNKNOWN, "The specified job was not found."));
  }

  /** Of an ARN the colons and the slash come encoded; nothing else may be. */
  private static String decoded(String rawId) {
    return rawId.replace("%3a", ":").replace("%3A", ":").replace("%2f", "/").replace("%2F", "/");
  }

  private BatchJobs open() {
    if (jobs == null) {
      throw Fields.unsupported(
          "Batch inference is not set up on this server (batch-jobs.folder in its configuration).");
    }
    return jobs;
  }

  private void send(Exchange exchange, ObjectNode answer) {
    exchange.send(json.bytes(answer), NO_HEADERS);
  }

  private static void conflict(Exchange exchange, String message) {
    exchange.fail(new ApiError(400, "ConflictException", message));
  }

  /** What an operation does. */
  private interface Run {
    void on(Exchange exchange) throws IOException;
  }

  /** One operation; what the disk refuses is a fault of ours. */
  private record Operation(String operation, Run run) implements Call {
    @Override
    public void run(Exchange exchange) {
      try {
        run.on(exchange);
      } catch (IOException e) {
        throw new IllegalStateException("the state of jobs cannot be written", e);
      }
    }
  }
}
