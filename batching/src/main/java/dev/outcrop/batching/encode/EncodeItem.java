package dev.outcrop.batching.encode;

/** One text on its way; after it was sent it belongs to the planner and its thread. */
final class EncodeItem {
  final int[] tokens;
  final EncodeShare share;
  final int weight;
  final EncodeTicket ticket;
  int bucket;
  long due;
  boolean ended;

  EncodeItem(EncodeRequest request, EncodeShare share, EncodeDoor door) {
    this.tokens = request.tokens();
    this.weight = request.weight();
    this.share = share;
    this.ticket = new EncodeTicket(this, door);
  }
}
