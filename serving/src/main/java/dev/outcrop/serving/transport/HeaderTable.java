package dev.outcrop.serving.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.http.http2.Http2ErrorCode;
import io.helidon.http.http2.Http2Exception;
import io.helidon.http.http2.Http2HuffmanDecoder;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The sizes of what is in the dynamic table of a client's header compression (RFC 7541). Helidon
 * 4.5 never comes back from a header that is to be put into the table and is larger than all of it,
 * nor from a table that is to be smaller than nothing; one such header, before any key is looked
 * at, is a core that is lost. The first is legal and only empties the table (section 4.4), so such
 * headers are rewritten to ones that are not put in; the second ends the connection. What stays in
 * Helidon's table for longer is behind what the client can name, which is always the newest.
 *
 * <p>Also bounds the headers as they are decoded: a byte of a block can stand for all of the table.
 *
 * <p>On the connection's thread.
 */
final class HeaderTable {
  /** SETTINGS_HEADER_TABLE_SIZE, which Helidon leaves at its default. */
  static final int LARGEST = 4_096;

  /**
   * SETTINGS_MAX_HEADER_LIST_SIZE (RFC 9113 section 6.5.2): what the headers of a request have
   * together, each with {@value #ENTRY} bytes for itself.
   */
  static final int LONGEST_LIST = 16 * 1_024;

  /** What an entry costs beside its name and its value (section 4.1). */
  private static final int ENTRY = 32;

  /** The lengths of the names in the static table (appendix A). */
  private static final byte[] STATIC = {
    10, 7, 7, 5, 5, 7, 7, 7, 7, 7, 7, 7, 7, 7, 14, 15, 15, 13, 6, 27, 3, 5, 13, 13, 19, 16, 16, 14,
    16, 13, 12, 6, 4, 4, 6, 7, 4, 4, 8, 17, 13, 8, 19, 13, 4, 8, 12, 18, 19, 5, 7, 7, 11, 6, 10, 25,
    17, 10, 4, 3, 16
  };

  /** The lengths of the values in the static table, up to the last that has one. */
  private static final byte[] STATIC_VALUES = {0, 3, 4, 1, 11, 4, 5, 3, 3, 3, 3, 3, 3, 3, 0, 13};

  private static final int INDEXED = 0x80;
  private static final int PUT_IN = 0x40;
  private static final int RESIZE = 0x20;
  private static final int INDEXED_BITS = 7;
  private static final int PUT_IN_BITS = 6;
  private static final int RESIZE_BITS = 5;
  private static final int PLAIN_BITS = 4;
  private static final int HUFFMAN = 0x80;
  private static final int STRING_BITS = 7;

  /** More than that no number of a header block can be. */
  private static final int MOST_SHIFT = 21;

  private static final byte[] NONE = {};

  private final Http2HuffmanDecoder huffman = Http2HuffmanDecoder.create();

  /** The newest last. */
  private final List<Entry> entries = new ArrayList<>();

  private int largest = LARGEST;
  private int size;
  private int listed;
  private byte[] block = NONE;
  private int at;

  private record Entry(int name, int size) {
    private static Entry of(int name, int value) {
      return new Entry(name, name + value + ENTRY);
    }
  }

  /**
   * Reads the header block of a request.
   *
   * @return the same, or one without what Helidon must not see
   * @throws Http2Exception where it is none
   */
  byte[] read(byte[] headers) {
    block = headers;
    try {
      return read();
    } finally {
      block = NONE; // a connection may wait long for its next request
    }
  }

  private byte[] read() {
    at = 0;
    listed = 0;
    ByteArrayOutputStream rewritten = new ByteArrayOutputStream();
    int kept = 0;
    while (at < block.length) {
      int start = at;
      int first = block[at] & 0xff;
      if ((first & INDEXED) != 0) {
        list(entry(number(INDEXED_BITS)));
      } else if ((first & PUT_IN) != 0) {
        int index = number(PUT_IN_BITS);
        int name = index == 0 ? string() : entry(index).name();
        int afterIndex = index == 0 ? start + 1 : at;
        if (!add(list(Entry.of(name, string())))) {
          rewritten.write(block, kept, start - kept);
          plain(index, rewritten);
          kept = afterIndex;
        }
      } else if ((first & RESIZE) != 0) {
        resize(number(RESIZE_BITS));
      } else {
        int index = number(PLAIN_BITS);
        int name = index == 0 ? string() : entry(index).name();
        list(Entry.of(name, string()));
      }
    }
    if (kept == 0) {
      return block;
    }
    rewritten.write(block, kept, block.length - kept);
    return rewritten.toByteArray();
  }

  /** A header that is not put in, up to the index of its name. */
  private static void plain(int index, ByteArrayOutputStream out) {
    int most = (1 << PLAIN_BITS) - 1;
    if (index < most) {
      out.write(index);
      return;
    }
    out.write(most);
    int rest = index - most;
    for (; rest >= 0x80; rest >>= STRING_BITS) {
      out.write((rest & 0x7f) | 0x80);
    }
    out.write(rest);
  }

  private Entry list(Entry header) {
    listed += header.size();
    if (listed > LONGEST_LIST) {
      throw new Http2Exception(Http2ErrorCode.ENHANCE_YOUR_CALM, "headers that are too large");
    }
    return header;
  }

  private boolean add(Entry header) {
    boolean fits = header.size() <= largest;
    shrink(fits ? largest - header.size() : 0);
    if (fits) {
      entries.add(header);
      size += header.size();
    }
    return fits;
  }

  private void resize(int wanted) {
    if (wanted > LARGEST) {
      throw bad("a header table that is too large");
    }
    largest = wanted;
    shrink(largest);
  }

  private void shrink(int most) {
    while (size > most) {
      size -= entries.removeFirst().size();
    }
  }

  /** What is in one of the tables. */
  private Entry entry(int index) {
    int dynamic = index - STATIC.length - 1;
    if (index == 0 || dynamic >= entries.size()) {
      throw bad("no such header");
    }
    if (dynamic >= 0) {
      return entries.get(entries.size() - 1 - dynamic);
    }
    return Entry.of(
        STATIC[index - 1], index <= STATIC_VALUES.length ? STATIC_VALUES[index - 1] : 0);
  }

  /** The length of a string, which is passed over. */
  private int string() {
    if (at == block.length) {
      throw bad("half a header");
    }
    boolean packed = (block[at] & HUFFMAN) != 0;
    int length = number(STRING_BITS);
    if (length > block.length - at) {
      throw bad("half a header");
    }
    int from = at;
    at += length;
    return packed
        ? huffman
            .decodeString(BufferData.create(Arrays.copyOfRange(block, from, at)), length)
            .length()
        : length;
  }

  /** A number that begins in the last bits of a byte (section 5.1). */
  private int number(int bits) {
    int most = (1 << bits) - 1;
    int number = block[at++] & most;
    if (number < most) {
      return number;
    }
    for (int shift = 0; shift <= MOST_SHIFT; shift += 7) {
      if (at == block.length) {
        break;
      }
      int next = block[at++];
      number += (next & 0x7f) << shift;
      if (next >= 0) {
        return number;
      }
    }
    throw bad("a number that is too large");
  }

  private static Http2Exception bad(String what) {
    return new Http2Exception(Http2ErrorCode.COMPRESSION, what);
  }
}
