package dev.outcrop.models.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Arguments of earlier calls for templates that join them to text, as DeepSeek's do, and so want
 * JSON in a string where others want the object.
 */
final class ArgumentsText {
  private static final Pattern JOINED =
      Pattern.compile("(\\['arguments']|\\[\"arguments\"]|\\.arguments)\\s*\\+");

  private static final ObjectWriter PYTHON =
      new JsonMapper()
          .writer(
              new DefaultPrettyPrinter(
                      Separators.createDefaultInstance()
                          .withObjectEntrySpacing(Spacing.AFTER)
                          .withArrayValueSpacing(Spacing.AFTER)
                          .withObjectFieldValueSpacing(Spacing.AFTER)
                          .withObjectEmptySeparator("")
                          .withArrayEmptySeparator(""))
                  .withObjectIndenter(DefaultPrettyPrinter.NopIndenter.instance)
                  .withArrayIndenter(DefaultPrettyPrinter.NopIndenter.instance));

  private ArgumentsText() {}

  /** Whether a template wants them so. */
  static boolean isWantedBy(String template) {
    return JOINED.matcher(template).find();
  }

  /** The arguments as Python's json.dumps writes them, but for escapes of other than ASCII. */
  static String of(Map<String, @Nullable Object> arguments) {
    try {
      return PYTHON.writeValueAsString(arguments);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps and lists can always be written", e);
    }
  }
}
