package dev.outcrop.serving.batchjobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is finished stays finished, whatever a crash leaves at the end of the file. */
final class SpoolTest {
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("0.records");
  }

  private static RecordResult result(String line, boolean answered) {
    return new RecordResult(answered, 10, 3, line.getBytes(UTF_8));
  }

  private static String lines(Spool spool) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    spool.copyTo(out, JobServers.untold());
    return out.toString(UTF_8);
  }

  private void write() throws Exception {
    try (Spool spool = Spool.open(file, JobServers.untold())) {
      spool.add(4, result("{\"four\":4}", true));
      spool.add(0, result("{\"null\":0}", false));
      spool.add(2, result("{\"two\":2}", true));
      assertThat(lines(spool)).isEqualTo("{\"four\":4}\n{\"null\":0}\n{\"two\":2}\n");
    }
  }

  @Test
  void remembersWhatIsFinished() throws Exception {
    write();
    try (Spool spool = Spool.open(file, JobServers.untold())) {
      assertThat(spool.finished(4) && spool.finished(0) && spool.finished(2)).isTrue();
      assertThat(spool.finished(1) || spool.finished(3)).isFalse();
      assertThat(spool.recovered()).isEqualTo(new Progress(0, 2, 1, 30, 9));
      assertThat(lines(spool)).isEqualTo("{\"four\":4}\n{\"null\":0}\n{\"two\":2}\n");
    }
  }

  @Test
  void dropsTheTornEndWhereverItIsTorn() throws Exception {
    write();
    byte[] whole = Files.readAllBytes(file);
    int second = Spool.HEADER + "{\"four\":4}".length();
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      try (Spool spool = Spool.open(file, JobServers.untold())) {
        assertThat(spool.finished(2)).isFalse();
        assertThat(spool.finished(4)).isEqualTo(length >= second);
        spool.add(2, result("{\"again\":2}", true));
      }
      try (Spool spool = Spool.open(file, JobServers.untold())) {
        assertThat(spool.finished(2)).isTrue();
        assertThat(lines(spool)).endsWith("{\"again\":2}\n");
      }
    }
  }

  @Test
  void dropsWhatWasChangedAndAllBehindIt() throws Exception {
    write();
    byte[] whole = Files.readAllBytes(file);
    int second = Spool.HEADER + "{\"four\":4}".length();
    for (int at = second; at < whole.length; at++) {
      byte[] changed = whole.clone();
      changed[at] ^= 0x40;
      Files.write(file, changed);
      try (Spool spool = Spool.open(file, JobServers.untold())) {
        assertThat(spool.finished(4)).isTrue();
        assertThat(spool.recovered().processed()).isBetween(1L, 2L);
      }
    }
  }

  @Test
  void givesUpWhereTheServerEndsAndLeavesTheFileAlone() throws Exception {
    write();
    byte[] whole = Files.readAllBytes(file);
    Halt ended = JobServers.untold();
    ended.now(Halt.Reason.STOPPED);
    try (Spool spool = Spool.open(file, ended)) {
      ended.now(Halt.Reason.CLOSED);
      assertThatThrownBy(() -> spool.copyTo(OutputStream.nullOutputStream(), ended))
          .isInstanceOf(InterruptedException.class);
    }
    assertThatThrownBy(() -> Spool.open(file, ended)).isInstanceOf(InterruptedException.class);
    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
  }

  @Test
  void opensItsFileAgainForARecordThatComesLater() throws Exception {
    try (Spool spool = Spool.open(file, JobServers.untold())) {
      assertThat(file).doesNotExist();
      spool.add(0, result("{}", true));
      spool.close();
      spool.add(1, result("[]", true));
      assertThat(lines(spool)).isEqualTo("{}\n[]\n");
    }
  }
}
