package dev.outcrop.bench.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class TraceTest {
  private static final long SEED = 2;

  @Test
  void isTheOneThatItsSeedDraws() {
    assertThat(Trace.committed()).isEqualTo(Trace.drawn(SEED, 512));
  }

  @Test
  void hasTheLengthsThatItClaims() {
    Trace many = Trace.drawn(SEED, 200_000);

    double[] logarithms =
        many.requests().stream().mapToDouble(request -> Math.log(request.outputTokens())).toArray();
    double mean = many.outputTokens() / 200_000.0;
    assertThat(mean).isEqualTo(128, within(4.0));
    assertThat(deviation(logarithms)).isEqualTo(1, within(0.05));
    assertThat(Trace.longest(many.requests())).isEqualTo(1_024);
  }

  @Test
  void knowsWhatPaddingCosts() {
    Trace trace =
        new Trace(
            List.of(new Trace.Request(1, 10), new Trace.Request(1, 30), new Trace.Request(1, 20)));

    assertThat(trace.padding(2)).isEqualTo((2 * 30 + 20) / 60.0);
    assertThat(trace.padding(1)).isEqualTo(1);
  }

  @Test
  void knowsTheMeanContextOfItsDecodes() {
    Trace trace = new Trace(List.of(new Trace.Request(20, 100), new Trace.Request(20, 300)));

    assertThat(trace.meanContext()).isEqualTo(20 + (100 * 50 + 300 * 150) / 400);
  }

  private static double deviation(double[] values) {
    double mean = 0;
    double squares = 0;
    for (double value : values) {
      mean += value / values.length;
      squares += value * value / values.length;
    }
    return Math.sqrt(squares - mean * mean);
  }
}
