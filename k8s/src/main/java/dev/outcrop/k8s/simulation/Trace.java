package dev.outcrop.k8s.simulation;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Requests in the order of their arrival.
 *
 * @param name its name
 * @param requests the requests
 */
public record Trace(String name, List<Request> requests) {
  /** The length of a trace. */
  static final double SECONDS = 3_600;

  /** The rate rises and falls twice. */
  static final double PERIOD = SECONDS / 2;

  /** The seed of the committed traces, which are drawn with a {@link Load#WAVE}. */
  public static final long SEED = 7;

  private static final double LEAST_PER_SECOND = 1;
  private static final double MOST_PER_SECOND = 9;
  private static final int LEAST_PROMPT = 3_500;
  private static final int MOST_PROMPT = 4_500;
  private static final double LONG_SHARE = 0.05;
  private static final int LONG_PROMPT = 50_000;
  private static final int MEAN_COMPLETION = 150;
  private static final int MOST_COMPLETION = 1_000;
  private static final double SIGMA = 0.6;

  /** How the rate of requests changes between its least and its most. */
  public enum Load {
    /** Slowly, as a cosine. */
    WAVE,
    /** At once: half of each period at its least, the other at its most. */
    STEP;

    private double share(double time) {
      return switch (this) {
        case WAVE -> (1 - Math.cos(2 * Math.PI * time / PERIOD)) / 2;
        case STEP -> time % PERIOD < PERIOD / 2 ? 0 : 1;
      };
    }
  }

  /** Copies the list. */
  public Trace {
    requests = List.copyOf(requests);
  }

  /**
   * One request.
   *
   * @param arrival seconds since the beginning
   * @param promptTokens tokens of its prompt
   * @param completionTokens tokens it generates
   */
  public record Request(double arrival, int promptTokens, int completionTokens) {}

  /** Prompts of about the same length. */
  public static Trace uniform() {
    return committed("uniform");
  }

  /** The same requests, one in twenty of them with a prompt of 50,000 tokens. */
  public static Trace mixed() {
    return committed("mixed");
  }

  /** Draws a trace as the committed ones were drawn. */
  public static Trace drawn(String name, long seed, boolean longPrompts) {
    return drawn(name, seed, longPrompts, Load.WAVE);
  }

  /** Draws a trace whose rate changes in a way. */
  public static Trace drawn(String name, long seed, boolean longPrompts, Load load) {
    Random random = new Random(seed);
    List<Request> drawn = new ArrayList<>();
    double mu = Math.log(MEAN_COMPLETION) - SIGMA * SIGMA / 2;
    double time = 0;
    while (true) {
      // A Poisson process of the highest rate, thinned out to the rate of the moment.
      time -= Math.log(1 - random.nextDouble()) / MOST_PER_SECOND;
      if (time >= SECONDS) {
        return new Trace(name, drawn);
      }
      double thinned = random.nextDouble();
      int prompt = random.nextInt(LEAST_PROMPT, MOST_PROMPT + 1);
      boolean isLong = random.nextDouble() < LONG_SHARE;
      long completion = Math.round(Math.exp(mu + SIGMA * random.nextGaussian()));
      if (thinned * MOST_PER_SECOND < perSecond(load, time)) {
        drawn.add(
            new Request(
                Math.round(time * 100) / 100.0,
                longPrompts && isLong ? LONG_PROMPT : prompt,
                Math.clamp(completion, 1, MOST_COMPLETION)));
      }
    }
  }

  private static double perSecond(Load load, double time) {
    return LEAST_PER_SECOND + (MOST_PER_SECOND - LEAST_PER_SECOND) * load.share(time);
  }

  /** The text form: a line of names, then one line for each request. */
  String csv() {
    StringBuilder text = new StringBuilder("arrival_seconds,prompt_tokens,completion_tokens\n");
    for (Request request : requests) {
      text.append(
          String.format(
              Locale.ROOT,
              "%.2f,%d,%d\n",
              request.arrival,
              request.promptTokens,
              request.completionTokens));
    }
    return text.toString();
  }

  private static Trace committed(String name) {
    String resource = name + ".csv";
    try (InputStream in = Trace.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + resource + " is missing");
      }
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
      return new Trace(name, lines.lines().skip(1).map(Trace::request).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Request request(String line) {
    String[] fields = line.split(",", 3);
    return new Request(
        Double.parseDouble(fields[0]), Integer.parseInt(fields[1]), Integer.parseInt(fields[2]));
  }
}
