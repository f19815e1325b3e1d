package dev.outcrop.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Chromium of this machine without a window; its profile lies in a folder that goes away. */
record Chromium(Path program, Path folder) {
  static final int WIDTH = 1_300;
  private static final int SECONDS = 120;
  private static final List<String> NAMES = List.of("chromium", "chromium-browser");

  /**
   * A page as it is shown.
   *
   * @param complaints what it wrote to the console
   */
  record Shown(BufferedImage image, List<String> complaints) {}

  static Optional<Chromium> find(Path folder) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .flatMap(each -> NAMES.stream().map(Path.of(each)::resolve))
        .filter(Files::isExecutable)
        .findFirst()
        .map(program -> new Chromium(program, folder));
  }

  /** Shows the front of a page, so many pixels of it. */
  Shown show(String page, int height) throws Exception {
    Path file = Files.writeString(folder.resolve("page.html"), page);
    Path image = folder.resolve("page.png");
    Path log = folder.resolve("page.log");
    Process process =
        new ProcessBuilder(
                program.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--user-data-dir=" + folder.resolve("profile"),
                "--enable-logging=stderr",
                "--window-size=%d,%d".formatted(WIDTH, height),
                "--screenshot=" + image,
                file.toUri().toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).as("chromium ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    List<String> complaints =
        Files.readAllLines(log).stream().filter(line -> line.contains("CONSOLE")).toList();
    return new Shown(ImageIO.read(image.toFile()), complaints);
  }
}
