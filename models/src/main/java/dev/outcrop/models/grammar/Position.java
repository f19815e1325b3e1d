package dev.outcrop.models.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a text is in a grammar: every way in which it can be read so far, each of which can be
 * completed, and whether it may end here. Ways beyond a number are given up, the later ones first,
 * which makes the grammar narrower and never wider. Immutable.
 */
final class Position {
  /** The most levels of nesting in a text; parsers of requests take as many. */
  static final int MOST_DEPTH = 60;

  /** Where no text leads. */
  static final Position DEAD = new Position(List.of(), false);

  private static final int MOST_ITEMS = 256;

  private final List<Item> items;
  private final boolean end;
  private final int hash;

  private Position(List<Item> items, boolean end) {
    this.items = items;
    this.end = end;
    hash = items.hashCode() * 2 + (end ? 1 : 0);
  }

  /** The start of a grammar. */
  static Position start(Rule rule) {
    Builder builder = new Builder();
    builder.enter(rule, null, 0);
    return builder.build();
  }

  /** What is to come behind something that was read. */
  static Position behind(@Nullable Frame then) {
    Builder builder = new Builder();
    builder.leave(then);
    return builder.build();
  }

  List<Item> items() {
    return items;
  }

  /** Whether the text may end here. */
  boolean isEnd() {
    return end;
  }

  /** Whether no text leads here. */
  boolean isDead() {
    return items.isEmpty() && !end;
  }

  /** Behind one more byte. */
  Position accept(int unsignedByte) {
    Builder builder = new Builder();
    for (Item item : items) {
      if (item instanceof Item.Reading reading) {
        builder.read(reading, unsignedByte);
      }
    }
    return builder.build();
  }

  /** Behind some more bytes. */
  Position accept(byte[] bytes) {
    Position at = this;
    for (int i = 0; i < bytes.length && !at.isDead(); i++) {
      at = at.accept(bytes[i] & 0xff);
    }
    return at;
  }

  /**
   * The same, but each way on its own and what is behind an automaton apart from it, as masks find
   * their tokens. Where so many ways meet inside a token that some are given up, this knows the
   * token that the mask offered.
   */
  Position acceptApart(byte[] bytes) {
    Builder all = new Builder();
    for (Item item : items) {
      Item.Reading at = item instanceof Item.Reading reading ? reading : null;
      for (int i = 0; i < bytes.length && at != null; i++) {
        at = next(at, bytes[i] & 0xff);
        if (at != null && at.dfa().accepts(at.state())) {
          all.take(behind(at.then()).accept(Arrays.copyOfRange(bytes, i + 1, bytes.length)));
        }
        at = at == null || at.dfa().isLeaf(at.state()) ? null : at;
      }
      if (at != null) {
        all.add(at);
      }
    }
    return all.build();
  }

  /** A way behind one more byte, within its automaton. */
  private static Item.@Nullable Reading next(Item.Reading at, int unsignedByte) {
    Dfa dfa = at.dfa();
    int to = dfa.next(at.state(), unsignedByte);
    if (to < 0) {
      return null;
    }
    int least = at.least();
    int most = at.most();
    if (dfa.isBoundary(at.state())) {
      if (unsignedByte == '"') {
        if (least > 0) {
          return null;
        }
      } else if (most == 0) {
        return null;
      } else {
        least = Math.max(0, least - 1);
        most = most == Rule.Repeat.FOREVER ? most : most - 1;
      }
    }
    return new Item.Reading(dfa, to, least, most, at.then());
  }

  /** Behind a control token. */
  Position control(int token) {
    Builder builder = new Builder();
    for (Item item : items) {
      if (item instanceof Item.Waiting(int awaited, var then) && awaited == token) {
        builder.leave(then);
      }
    }
    return builder.build();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Position position
        && hash == position.hash
        && end == position.end
        && items.equals(position.items);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  private static final class Builder {
    private final List<Item> items = new ArrayList<>(4);
    private @Nullable Set<Item> seen;
    private boolean end;

    Position build() {
      return new Position(items, end);
    }

    void read(Item.Reading at, int unsignedByte) {
      Item.Reading behind = next(at, unsignedByte);
      if (behind != null) {
        reach(behind);
      }
    }

    /** What others found as well. */
    void take(Position position) {
      position.items.forEach(this::add);
      end |= position.end;
    }

    private void reach(Item.Reading at) {
      if (!at.dfa().isLeaf(at.state())) {
        add(at);
      }
      if (at.dfa().accepts(at.state())) {
        leave(at.then());
      }
    }

    void add(Item item) {
      if (items.size() == MOST_ITEMS) {
        return;
      }
      if (items.size() == 16 && seen == null) {
        seen = new HashSet<>(items);
      }
      if (seen == null ? !items.contains(item) : seen.add(item)) {
        items.add(item);
      }
    }

    void leave(@Nullable Frame then) {
      if (then == null) {
        end = true;
        return;
      }
      switch (then.rule) {
        case Rule.Cat cat -> part(cat, then.at, then.depth, then.below);
        case Rule.Repeat repeat -> again(repeat, then.at, then.most, then.depth, then.below);
        default -> throw new IllegalStateException("no frame has such a rule");
      }
    }

    void enter(Rule rule, @Nullable Frame then, int depth) {
      Rule at = rule;
      int level = depth;
      while (level + at.depth() <= MOST_DEPTH) { // a chain of choices may be long
        switch (at) {
          case Rule.Lexeme lexeme -> {
            reach(new Item.Reading(lexeme.dfa, 0, lexeme.least, lexeme.most, then));
            return;
          }
          case Rule.Control control -> {
            add(new Item.Waiting(control.token, then));
            return;
          }
          case Rule.Cat cat -> {
            part(cat, 0, level, then);
            return;
          }
          case Rule.Or or -> {
            int last = or.choices.length - 1;
            for (int i = 0; i < last && items.size() < MOST_ITEMS; i++) {
              enter(or.choices[i], then, level);
            }
            if (items.size() == MOST_ITEMS) {
              return;
            }
            at = or.choices[last]; // there is one: without any it would have no depth
          }
          case Rule.Repeat repeat -> {
            again(repeat, repeat.least, repeat.most, level, then);
            return;
          }
          case Rule.Nested nested -> {
            at = nested.inner;
            level++;
          }
          case Rule.Later later -> at = later.target();
        }
      }
    }

    private void part(Rule.Cat cat, int at, int depth, @Nullable Frame below) {
      int last = cat.parts.length - 1;
      if (at > last) {
        leave(below);
      } else {
        enter(cat.parts[at], at == last ? below : new Frame(cat, at + 1, 0, depth, below), depth);
      }
    }

    private void again(Rule.Repeat repeat, int least, int most, int depth, @Nullable Frame below) {
      if (least == 0) {
        leave(below);
      }
      if (most > 0 && repeat.inner.depth() + depth <= MOST_DEPTH) {
        int left = most == Rule.Repeat.FOREVER ? most : most - 1;
        enter(repeat.inner, new Frame(repeat, Math.max(0, least - 1), left, depth, below), depth);
      }
    }
  }
}
