package dev.outcrop.bench.batching;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Requests by their lengths, in the order of their arrival. What the prompts say does not matter
 * here: it is drawn.
 *
 * @param requests the requests
 */
record Trace(List<Request> requests) {
  static final int MEAN_OUTPUT = 128;
  static final int MOST_OUTPUT = 1_024;
  private static final double SIGMA = 1;
  private static final int LEAST_PROMPT = 8;
  private static final int MOST_PROMPT = 24;
  private static final String RESOURCE = "lognormal.csv";

  /** Copies the list. */
  Trace {
    requests = List.copyOf(requests);
  }

  /**
   * One request.
   *
   * @param promptTokens tokens of its prompt
   * @param outputTokens tokens it generates, no more and no less
   */
  record Request(int promptTokens, int outputTokens) {}

  /** The committed trace: outputs log-normal, prompts short. */
  static Trace committed() {
    try (InputStream in = Trace.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + RESOURCE + " is missing");
      }
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
      return new Trace(
          lines
              .lines()
              .skip(1)
              .map(line -> line.split(",", 2))
              .map(two -> new Request(Integer.parseInt(two[0]), Integer.parseInt(two[1])))
              .toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Draws a trace as the committed one was drawn. */
  static Trace drawn(long seed, int requests) {
    Random random = new Random(seed);
    double mu = Math.log(MEAN_OUTPUT) - SIGMA * SIGMA / 2;
    List<Request> drawn = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      long output = Math.round(Math.exp(mu + SIGMA * random.nextGaussian()));
      int prompt = random.nextInt(LEAST_PROMPT, MOST_PROMPT + 1);
      drawn.add(new Request(prompt, Math.clamp(output, 1, MOST_OUTPUT)));
    }
    return new Trace(drawn);
  }

  /** Requests that are all alike. */
  static Trace equal(int requests, int promptTokens, int outputTokens) {
    return new Trace(Collections.nCopies(requests, new Request(promptTokens, outputTokens)));
  }

  /** The first so many requests. */
  Trace first(int count) {
    return new Trace(requests.subList(0, Math.min(count, requests.size())));
  }

  /** The same with outputs that are shorter, or longer, by a factor. */
  Trace scaled(double factor) {
    return new Trace(
        requests.stream()
            .map(
                request ->
                    new Request(
                        request.promptTokens,
                        Math.max(1, (int) Math.round(factor * request.outputTokens))))
            .toList());
  }

  /** The token ids of a request's prompt. */
  int[] prompt(int request, int vocabulary) {
    return new Random(request).ints(requests.get(request).promptTokens, 0, vocabulary).toArray();
  }

  int size() {
    return requests.size();
  }

  long outputTokens() {
    return requests.stream().mapToLong(Request::outputTokens).sum();
  }

  /** The most tokens of one request, prompt and output of the longest together. */
  int mostTokens() {
    return requests.stream().mapToInt(Request::promptTokens).max().orElseThrow()
        + requests.stream().mapToInt(Request::outputTokens).max().orElseThrow();
  }

  /** How many tokens of KV a decode of this trace reads on average. */
  int meanContext() {
    double sum = 0;
    for (Request request : requests) {
      sum += request.outputTokens * (request.promptTokens + request.outputTokens / 2.0);
    }
    return (int) Math.round(sum / outputTokens());
  }

  /**
   * What static batches with padding compute for each token that somebody wanted, at least.
   *
   * @param batch requests that start together
   */
  double padding(int batch) {
    double rows = 0;
    for (int first = 0; first < size(); first += batch) {
      List<Request> together = requests.subList(first, Math.min(first + batch, size()));
      rows += together.size() * (double) longest(together);
    }
    return rows / outputTokens();
  }

  /** The longest output of some requests. */
  static int longest(List<Request> requests) {
    return requests.stream().mapToInt(Request::outputTokens).max().orElse(0);
  }
}
