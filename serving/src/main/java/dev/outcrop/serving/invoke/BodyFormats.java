package dev.outcrop.serving.invoke;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.json.Fields;
import java.util.List;

/**
 * All the bodies that InvokeModel takes for models that generate text. Safe to use from any thread.
 */
public final class BodyFormats {
  private final List<BodyFormat> formats;

  /**
   * Creates the choice.
   *
   * @param formats the first that accepts a body reads it
   */
  public BodyFormats(List<BodyFormat> formats) {
    this.formats = List.copyOf(formats);
  }

  /** Reads a body in the format that its keys tell and, where they do not, the model's name. */
  public BodyFormat.Request read(ObjectNode body, ServedModel model, BodyFormat.Target target) {
    ModelName name = ModelName.of(target.modelId(), model);
    for (BodyFormat format : formats) {
      if (format.accepts(body, name)) {
        return format.read(body, target);
      }
    }
    throw Fields.invalid(
        "Malformed input request: #: required key [prompt] or [messages] not found, please reformat"
            + " your input and try again.");
  }
}
