package dev.outcrop.serving.batchjobs;

import dev.outcrop.serving.http.ListQuery;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
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

  private static final int PAGE = 100;
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9+.-]{0,62}");

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
      throw ListQuery.badToken();
    }
  }

  /** A page of jobs, and the token of the next. */
  record Page(List<Job> jobs, @Nullable String nextToken) {}

  /** Reads a query. */
  static JobQuery read(ListQuery query) {
    query.choice("sortBy", List.of("CreationTime"));
    String order = query.choice("sortOrder", List.of("Ascending", "Descending"));
    String status =
        query.choice("statusEquals", Stream.of(JobStatus.values()).map(JobStatus::word).toList());
    String token = query.token();
    return new JobQuery(
        query.time("submitTimeAfter"),
        query.time("submitTimeBefore"),
        status == null ? null : JobStatus.of(status).orElse(null),
        query.text("nameContains", NAME),
        query.maxResults(PAGE),
        "Ascending".equals(order),
        token == null ? null : Mark.read(token));
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
