package dev.outcrop.bench.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class ScrapeCommandTest {
  @Test
  void readsBothFormatsOfAPageWithALineForEachKindOfTokenOfEachTenant() throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      status =
          new CommandLine(new ScrapeCommand())
              .execute("--streams=2", "--tenants=30", "--scrapes=3", "--warmup=1", "--pause=1");
    } finally {
      System.setOut(before);
    }

    assertThat(status).isZero();
    JsonNode result = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(result.get("textP99Ms").doubleValue()).isPositive();
    assertThat(result.get("openmetricsP99Ms").doubleValue()).isPositive();
    assertThat(result.at("/results/0/lines").intValue()).isGreaterThan(3 * 30);
  }
}
