package dev.outcrop.batching.encode;

import org.jspecify.annotations.Nullable;

/** One text on its way; after it was sent it belongs to the planner and its thread. */
final class EncodeItem {
  final int[] tokens;
  final int @Nullable [] types;
  final EncodeShare share;
  final int weight;
  final EncodeTicket ticket;
  int bucket;
  long due;
  boolean ended;

  EncodeItem(EncodeRequest request, EncodeShare share, EncodeDoor door) {
    this.tokens = request.tokens();
    this.types = request.types();
    this.weight = request.weight();
    this.share = share;
    this.ticket = new EncodeTicket(this, door);
  }
}
