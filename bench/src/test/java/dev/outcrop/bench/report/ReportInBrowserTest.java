package dev.outcrop.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outcrop.bench.dollars.DollarsCommand;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * The pages about results as Chromium shows them: every plot has data, nothing is complained of.
 */
@Tag("long")
final class ReportInBrowserTest {
  private static final Path GOLDEN =
      Path.of("src/test/resources/dev/outcrop/bench/report/report.html");
  private static final Pattern STYLE = Pattern.compile("<style>.*?</style>", Pattern.DOTALL);
  private static final Pattern SVG = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL);
  private static final Pattern DRAWN =
      Pattern.compile("<(path|rect|line)[^>]*>|<circle.*?</circle>", Pattern.DOTALL);
  private static final int BAND = 640;

  @TempDir private Path folder;
  private Chromium chromium;

  @BeforeEach
  void find() {
    Optional<Chromium> found = Chromium.find(folder);
    assumeTrue(found.isPresent(), "chromium is not on the PATH: apt-get install chromium");
    chromium = found.orElseThrow();
  }

  @Test
  void theReportHasDataInEveryPlot() throws Exception {
    check(Files.readString(GOLDEN));
  }

  @Test
  void theReportsThatAreCommittedHaveDataInEveryPlot() throws Exception {
    try (Stream<Path> files = Files.list(Path.of("reports"))) {
      List<Path> pages = files.filter(file -> file.toString().endsWith(".html")).toList();
      assertThat(pages).isNotEmpty();
      for (Path page : pages) {
        check(Files.readString(page));
      }
    }
  }

  @Test
  void thePageAboutDollarsHasDataInEveryPlot() throws Exception {
    Path page = folder.resolve("dollars.html");
    PrintStream out = System.out;
    System.setOut(new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
    try {
      int status =
          new CommandLine(new DollarsCommand())
              .execute("--model=meta.llama3-1-8b-instruct", "--html=" + page);
      assertThat(status).isZero();
    } finally {
      System.setOut(out);
    }

    check(Files.readString(page));
  }

  @Test
  void whatAPageComplainsOfIsSeen() throws Exception {
    assertThat(chromium.show("<script>console.error('wrong')</script>", 100).complaints())
        .anyMatch(line -> line.contains("wrong"));
  }

  private void check(String page) throws Exception {
    Chromium.Shown whole = chromium.show(page, 2_000);
    assertThat(whole.complaints()).isEmpty();
    assertThat(whole.image().getHeight()).isEqualTo(2_000);

    List<String> plots = SVG.matcher(page).results().map(MatchResult::group).toList();
    assertThat(plots).isNotEmpty();
    List<Integer> drawn = coloured(page, plots);
    assertThat(drawn).hasSameSizeAs(plots).allSatisfy(count -> assertThat(count).isGreaterThan(40));
    assertThat(
            coloured(page, plots.stream().map(plot -> DRAWN.matcher(plot).replaceAll("")).toList()))
        .as("nothing but data has a colour")
        .allSatisfy(count -> assertThat(count).isZero());
  }

  /** Pixels with a colour in each plot; what is not data is grey. */
  private List<Integer> coloured(String page, List<String> plots) throws Exception {
    MatchResult style = STYLE.matcher(page).results().findFirst().orElseThrow();
    StringBuilder bands = new StringBuilder("<!DOCTYPE html>" + style.group());
    bands.append("<style>body { margin: 0; max-width: none; padding: 0 }</style><body>");
    for (String plot : plots) {
      bands.append("<div style=\"height:%dpx;width:900px;overflow:hidden\">".formatted(BAND));
      bands.append(plot).append("</div>");
    }
    BufferedImage image = chromium.show(bands.toString(), plots.size() * BAND).image();
    List<Integer> counts = new ArrayList<>();
    for (int band = 0; band < plots.size(); band++) {
      counts.add(coloured(image, band * BAND));
    }
    return counts;
  }

  private static int coloured(BufferedImage image, int top) {
    int count = 0;
    for (int y = top; y < top + BAND; y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int rgb = image.getRGB(x, y);
        int red = rgb >> 16 & 0xff;
        int green = rgb >> 8 & 0xff;
        int blue = rgb & 0xff;
        int most = Math.max(red, Math.max(green, blue));
        count += most - Math.min(red, Math.min(green, blue)) > 40 ? 1 : 0;
      }
    }
    return count;
  }
}
