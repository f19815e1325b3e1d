package dev.outcrop.serving.batchjobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The query of ListModelInvocationJobs.
 *
 * @param after the job that the page before ended with, or null
 */
record JobQuery(
    @Nullable Instant submitTimeAfter,
    @Nullable Instant submitTimeBefore,
    @Nullable JobStatus status,
    @Nullable String nameContains,
    int maxResults,
    boolean ascending,
    @Nullable Mark after) {
  /** The order of creation. */
  static final Comparator<Job> OLDEST_FIRST = Comparator.comparing(Mark::of);

  private static final int MAX_RESULTS = 1_000;
  private static final int PAGE = 100;
  private static final int MAX_NAME = 63;
  private static final int MAX_TOKEN = 2_048;

  /** A job's place in the order of creation. */
  record Mark(Instant submitted, String id) implements Comparable<Mark> {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,18})/([a-z0-9]{12})");

    static Mark of(Job job) {
      return new Mark(job.submitted(), job.id());
    }

    @Override
    public int compareTo(Mark other) {
      int order = submitted.compareTo(other.submitted);
      return order != 0 ? order : id.compareTo(other.id);
    }

    String token() {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(
              (submitted.toEpochMilli() + "/" + id).getBytes(StandardCharsets.US_ASCII));
    }

    static Mark read(String token) {
      try {
        Matcher text =
            TEXT.matcher(
                new String(Base64.getUrlDecoder().decode(token), StandardCharsets.US_ASCII));
        if (text.matches()) {
          return new Mark(Instant.ofEpochMilli(Long.parseLong(text.group(1))), text.group(2));
        }
      } catch (IllegalArgumentException e) {
        // told below
      }
      throw Fields.invalid("nextToken is not one that this operation gave");
    }
  }

  /** A page of jobs, and the token of the next. */
  record Page(List<Job> jobs, @Nullable String nextToken) {}

  /**
   * Reads a query.
   *
   * @param parameters the value of a parameter, or null
   */
  static JobQuery read(Function<String, @Nullable String> parameters) {
    ObjectNode node = Json.object();
    for (String name :
        List.of("statusEquals", "nameContains", "nextToken", "sortBy", "sortOrder")) {
      node.put(name, parameters.apply(name));
    }
    Fields fields = Fields.of(node);
    fields.choiceOrNull("sortBy", List.of("CreationTime"));
    String order = fields.choiceOrNull("sortOrder", List.of("Ascending", "Descending"));
    String status =
        fields.choiceOrNull(
            "statusEquals", Stream.of(JobStatus.values()).map(JobStatus::word).toList());
    String name = fields.stringOrNull("nameContains", 1, MAX_NAME);
    if (name != null && !JobRequest.NAME.matcher(name).matches()) {
      throw fields.bad("nameContains", "must match " + JobRequest.NAME);
    }
    String token = fields.stringOrNull("nextToken", 1, MAX_TOKEN);
    return new JobQuery(
        time("submitTimeAfter", parameters),
        time("submitTimeBefore", parameters),
        status == null ? null : JobStatus.of(status).orElse(null),
        name,
        results(parameters.apply("maxResults")),
        "Ascending".equals(order),
        token == null ? null : Mark.read(token));
  }

  private static int results(@Nullable String text) {
    if (text == null) {
      return PAGE;
    }
    if (text.matches("\\d{1,4}")) {
      int results = Integer.parseInt(text);
      if (results >= 1 && results <= MAX_RESULTS) {
        return results;
      }
    }
    throw Fields.invalid("maxResults must be between 1 and " + MAX_RESULTS);
  }

  private static @Nullable Instant time(
      String name, Function<String, @Nullable String> parameters) {
    String text = parameters.apply(name);
    try {
      return text == null ? null : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      throw Fields.invalid(name + " must be a time such as 2026-11-21T12:00:00Z");
    }
  }

  /** The page of some jobs that it asks for. */
  Page of(List<Job> jobs) {
    Comparator<Mark> order = ascending ? Comparator.naturalOrder() : Comparator.reverseOrder();
    List<Job> matching =
        jobs.stream()
            .filter(this::matches)
            .filter(job -> after == null || order.compare(Mark.of(job), after) > 0)
            .sorted(Comparator.comparing(Mark::of, order))
            .limit(maxResults + 1L)
            .toList();
    if (matching.size() <= maxResults) {
      return new Page(matching, null);
    }
    List<Job> page = matching.subList(0, maxResults);
    return new Page(page, Mark.of(page.getLast()).token());
  }

  private boolean matches(Job job) {
    return (submitTimeAfter == null || job.submitted().isAfter(submitTimeAfter))
        && (submitTimeBefore == null || job.submitted().isBefore(submitTimeBefore))
        && (status == null || job.state().status() == status)
        && (nameContains == null || job.request().name().contains(nameContains));
  }
}
