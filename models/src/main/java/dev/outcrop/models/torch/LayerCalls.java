package dev.outcrop.models.torch;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Layer;
import dev.outcrop.models.arch.Rope;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a decoder's program that run the layers of a stage: what they share in a step, and
 * their calls.
 */
final class LayerCalls {
  private final DecoderConfig config;
  private final Stage stage;
  private final List<Layer> kinds;
  private final List<Rope> ropes;
  private final List<@Nullable Integer> windows;

  /** With kinds of layers, rotary embeddings and windows as the program numbers them. */
  LayerCalls(
      DecoderConfig config,
      Stage stage,
      List<Layer> kinds,
      List<Rope> ropes,
      List<@Nullable Integer> windows) {
    this.config = config;
    this.stage = stage;
    this.kinds = kinds;
    this.ropes = ropes;
    this.windows = windows;
  }

  /** Whether layers differ in their window. */
  boolean mixed() {
    return windows.size() > 1;
  }

  /** Whether some layer does not see all tokens. */
  boolean windowed() {
    return mixed() || windows.getFirst() != null;
  }

  /** What the layers of a step share: rotations, pieces of KV, masks. */
  String prepare() {
    List<String> lines = new ArrayList<>();
    for (int rope = 0; rope < ropes.size(); rope++) {
      String form = ropes.get(rope).hasForms() ? "torch.select(tokens, 0, 3), " : "";
      lines.add(
          "cosine_%d, sine_%d = self.rotation_%d(%spositions)".formatted(rope, rope, rope, form));
      if (cuda()) {
        lines.add("turn_%d = self.turn(cosine_%d, sine_%d)".formatted(rope, rope, rope));
      }
    }
    String at = "0";
    for (int w = 0; w < windows.size(); w++) {
      if (cuda()) {
        lines.add("at_%d = %s".formatted(w, at));
        at = "at_%d + 1 + layout[at_%d]".formatted(w, w);
        lines.add("layout_%d = layout[at_%d + 1:%s]".formatted(w, w, at));
        lines.add("tables_%d = self.tables(layout_%d)".formatted(w, w));
        continue;
      }
      if (mixed()) {
        lines.add("at_%d = %s".formatted(w, at));
        at = "at_%d + 1 + layout[at_%d]".formatted(w, w);
        lines.add("layout_%d = layout[at_%d + 1:%s]".formatted(w, w, at));
        lines.add("order_%d = self.order(layout_%d)".formatted(w, w));
      } else {
        lines.add("layout_0 = layout");
      }
      lines.add("pieces_%d = self.views(layout_%d)".formatted(w, w));
      if (windowed()) {
        Integer window = windows.get(w);
        lines.add(
            "masks_%d = self.window_masks(positions, layout_%d, %d)"
                .formatted(w, w, window == null ? 0 : window));
      }
    }
    return "    " + String.join("\n    ", lines);
  }

  /** The calls, in a loop where all are alike. */
  String layers() {
    if (kinds.size() == 1) {
      return "    for l in range(%d):\n      %s"
          .formatted(stage.count(), call(kinds.getFirst(), "l"));
    }
    List<String> calls = new ArrayList<>();
    for (int l = 0; l < stage.count(); l++) {
      calls.add(call(config.layers().get(stage.from() + l), Integer.toString(l)));
    }
    return "    " + String.join("\n    ", calls);
  }

  private String call(Layer layer, String number) {
    int w = windows.indexOf(layer.window());
    int rope = layer.rope() == null ? -1 : ropes.indexOf(layer.rope());
    if (cuda()) {
      return "x = self.layer_%d(x, %s, slots, %stables_%d, layout_%d)"
          .formatted(
              kinds.indexOf(layer), number, rope < 0 ? "" : "turn_%d, ".formatted(rope), w, w);
    }
    return "x = self.layer_%d(x, %s, slots, %s%s%spieces_%d, layout_%d)"
        .formatted(
            kinds.indexOf(layer),
            number,
            rope < 0 ? "" : "cosine_%d, sine_%d, ".formatted(rope, rope),
            windowed() ? "masks_%d, ".formatted(w) : "",
            mixed() ? "order_%d, ".formatted(w) : "",
            w,
            w);
  }

  private boolean cuda() {
    return stage.device().cuda();
  }
}
