package dev.outcrop.serving.batchjobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Json;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Jobs as the API shows them.
 *
 * @param arns the ARN of a job's id
 */
record JobView(UnaryOperator<String> arns) {
  String arn(Job job) {
    return arns.apply(job.id());
  }

  /** The members of GetModelInvocationJob, which those of a summary are too. */
  ObjectNode of(Job job) {
    JobState state = job.state();
    ObjectNode node = Json.object().put("jobArn", arn(job));
    node.setAll(job.request().body());
    node.remove("tags");
    node.put("status", state.status().word());
    if (state.message() != null) {
      node.put("message", state.message());
    }
    node.put("submitTime", time(job.submitted()));
    node.put("lastModifiedTime", time(state.modified()));
    if (state.ended() != null) {
      node.put("endTime", time(state.ended()));
    }
    node.put("jobExpirationTime", time(job.expires()));
    if (!state.files().isEmpty()) {
      counts(node, state.progress());
    }
    return node;
  }

  /** The numbers of records, which the manifest has too. */
  static void counts(ObjectNode to, Progress progress) {
    to.put("totalRecordCount", progress.total())
        .put("processedRecordCount", progress.processed())
        .put("successRecordCount", progress.success())
        .put("errorRecordCount", progress.error());
  }

  private static @Nullable String time(@Nullable Instant instant) {
    return instant == null ? null : instant.truncatedTo(ChronoUnit.MILLIS).toString();
  }
}
