package dev.outcrop.serving.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp2;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** How an HTTP/2 connection ends, by a clock of the test, frame by frame. */
final class Http2EndTest {
  private static final int SECOND = 1_000_000_000;
  private static final int PREFACE = 24;
  private static final byte[] SETTINGS = RawHttp2.frame(RawHttp2.SETTINGS, 0, 0, new byte[0]);

  private final Queue<byte[]> received = new ArrayDeque<>();
  private final List<byte[]> written = Collections.synchronizedList(new ArrayList<>());
  private final SendWindow window = SendWindow.http2(SECOND);
  private final FrameFilter in = new FrameFilter(DataReader.create(received::poll), 16_384, window);
  private final FrameCounter out = new FrameCounter(new Writer(written), window, in);
  private boolean quiet = true;
  private boolean closed;
  private final Http2End end = new Http2End(in, out, () -> quiet, () -> closed = true);

  private record Writer(List<byte[]> written) implements DataWriter {
    @Override
    public void write(BufferData... buffers) {
      writeNow(BufferData.create(buffers));
    }

    @Override
    public void write(BufferData buffer) {
      writeNow(buffer);
    }

    @Override
    public void writeNow(BufferData... buffers) {
      writeNow(BufferData.create(buffers));
    }

    @Override
    public void writeNow(BufferData buffer) {
      written.add(buffer.readBytes());
    }
  }

  private void settings() {
    out.writeNow(BufferData.create(SETTINGS));
  }

  /** A stream that the client opens; whether it was let through. */
  private boolean opens(int stream) {
    int before = in.lastStream();
    if (before == 0 && received.isEmpty()) {
      received.add(new byte[PREFACE]);
    }
    received.add(RawHttp2.frame(RawHttp2.HEADERS, 5, stream, new byte[0]));
    try {
      for (byte[] bytes = in.get(); ; bytes = in.get()) {
        if (bytes.length == 9 && bytes[8] == stream) {
          return true;
        }
      }
    } catch (DataReader.InsufficientDataAvailableException e) {
      return false;
    }
  }

  /** The last streams that the client was told of. */
  private List<Integer> told() {
    synchronized (written) {
      return written.stream()
          .filter(frame -> frame[3] == RawHttp2.GOAWAY)
          .map(frame -> ByteBuffer.wrap(frame).getInt(9))
          .toList();
    }
  }

  private void awaitTold(Integer... lastStreams) throws InterruptedException {
    Await.until(() -> told().equals(List.of(lastStreams)));
  }

  @Test
  void asksForNoMoreThenNamesTheLastThenCloses() throws Exception {
    settings();
    assertThat(opens(1)).isTrue();
    end.look(0);
    assertThat(told()).isEmpty();

    end.retire(0);
    awaitTold(Integer.MAX_VALUE);
    assertThat(opens(3)).as("it was on its way").isTrue();
    quiet = false;
    end.look(5L * SECOND);
    assertThat(told()).hasSize(1);
    quiet = true;
    end.look(5L * SECOND);
    awaitTold(Integer.MAX_VALUE, 3);

    assertThat(opens(5)).isFalse();
    end.look(5L * SECOND + Http2End.LINGER);
    assertThat(closed).as("its client may still read").isFalse();
    end.look(5L * SECOND + Http2End.LINGER + 1);
    assertThat(closed).isTrue();
  }

  @Test
  void namesTheLastThoughStreamsAreOpenAndWaitsForTheirEnd() throws Exception {
    settings();
    opens(1);
    quiet = false;
    end.retire(0);
    awaitTold(Integer.MAX_VALUE);
    end.look(10L * SECOND + 1);
    awaitTold(Integer.MAX_VALUE, 1);

    end.look(1_000L * SECOND);
    assertThat(closed).isFalse();
    quiet = true;
    end.look(1_000L * SECOND + Http2End.LINGER + 1);
    assertThat(closed).isTrue();
  }

  @Test
  void letsAClientSendItsFirstStreamBeforeItIsTurnedAway() {
    settings();
    end.retire(0);
    end.look(SECOND);
    assertThat(told()).isEmpty();

    opens(1);
    assertThat(end.begun(SECOND)).isFalse();
    assertThat(told()).containsExactly(Integer.MAX_VALUE);
  }

  @Test
  void closesAConnectionOnWhichNothingEverCame() throws Exception {
    settings();
    end.retire(0);
    end.look(SECOND + 1L);
    awaitTold(Integer.MAX_VALUE);
    end.look(3L * SECOND);
    awaitTold(Integer.MAX_VALUE, 0);
    end.look(3L * SECOND + Http2End.LINGER + 1);
    assertThat(closed).isTrue();
  }

  @Test
  void saysNothingBeforeItsSettingsNorWithinAHeaderBlock() {
    out.goAway(Integer.MAX_VALUE);
    assertThat(written).isEmpty();
    settings();
    assertThat(told()).containsExactly(Integer.MAX_VALUE);

    out.writeNow(BufferData.create(RawHttp2.frame(RawHttp2.HEADERS, 0, 1, new byte[3])));
    out.goAway(7);
    assertThat(told()).hasSize(1);
    out.writeNow(BufferData.create(RawHttp2.frame(9, 4, 1, new byte[3])));
    assertThat(told()).containsExactly(Integer.MAX_VALUE, 7);
    out.goAway(9);
    assertThat(told()).as("it never takes back what it said").hasSize(2);
  }

  @Test
  void saysWhatWasServedWhereHelidonSaysThatNothingWas() {
    settings();
    opens(1);
    byte[] idle = ByteBuffer.allocate(8).putInt(0).putInt(0).array();
    out.writeNow(BufferData.create(RawHttp2.frame(RawHttp2.GOAWAY, 0, 0, idle)));
    assertThat(told()).containsExactly(1);

    byte[] error = ByteBuffer.allocate(8).putInt(0).putInt(1).array();
    out.writeNow(BufferData.create(RawHttp2.frame(RawHttp2.GOAWAY, 0, 0, error)));
    assertThat(told()).as("errors pass as they are").containsExactly(1, 0);
  }
}
