package dev.outcrop.models.torch;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Experts;
import dev.outcrop.models.arch.Mlp;

/** What a decoder's program says of experts. */
final class ExpertProgram {
  private ExpertProgram() {}

  /** Whether some layer has experts. */
  static boolean in(DecoderConfig config) {
    return config.layers().stream().anyMatch(layer -> layer.mlp() instanceof Experts);
  }

  /** Adds what layer.torchscript and experts.torchscript use for one kind of layer. */
  static ProgramText values(ProgramText text, Mlp mlp) {
    text.flag("experts", mlp instanceof Experts);
    if (mlp instanceof Experts experts) {
      Double limit = experts.limit();
      Experts.Shared shared = experts.shared();
      Experts.Groups groups = experts.groups();
      boolean grouped = groups != null && groups.count() > 1;
      text.flag("sigmoid", groups != null)
          .flag("grouped", grouped)
          .value("groups", groups == null ? "" : groups.count())
          .value("chosen_groups", groups == null ? "" : groups.chosen())
          .value("weight_scale", groups == null ? "" : groups.scale())
          .value("count", experts.count())
          .value("per_token", experts.perToken())
          .value("limit", limit == null ? "" : limit)
          .flag("limit", limit != null)
          .flag("experts_bias", experts.bias())
          .flag("normalised", experts.normalised())
          .flag("shared", shared != null)
          .flag("shared_weighed", shared != null && shared.weighed());
    }
    return text;
  }
}
