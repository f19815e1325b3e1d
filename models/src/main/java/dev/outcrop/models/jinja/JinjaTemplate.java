package dev.outcrop.models.jinja;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/** A template that was read once and is rendered from any number of threads. */
public final class JinjaTemplate {
  private static final int MAX_SOURCE = 1 << 20;

  private final List<Stmt> body;

  private JinjaTemplate(List<Stmt> body) {
    this.body = body;
  }

  /** Reads a template that comes from no file. */
  public static JinjaTemplate parse(String source) {
    return parse(source, "chat template");
  }

  /**
   * Reads a template.
   *
   * @param source the template
   * @param origin what to call it in messages, with its file
   * @throws OutcropException CHECKPOINT_UNSUPPORTED, which names the origin, what is wrong and its
   *     line
   */
  public static JinjaTemplate parse(String source, String origin) {
    if (source.length() > MAX_SOURCE) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          origin + " is longer than " + MAX_SOURCE + " characters");
    }
    try {
      return new JinjaTemplate(Parser.parse(source));
    } catch (Failure failure) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          origin + ", line " + failure.line() + ": " + failure.text(),
          failure);
    } catch (RuntimeException | StackOverflowError fault) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED, origin + " cannot be read: " + kind(fault));
    }
  }

  /**
   * Renders.
   *
   * @param variables what the template sees; see {@link RequestValues}
   * @param limits what the rendering may spend
   * @param clock the time of strftime_now
   * @throws OutcropException TEMPLATE_FAILED with the line; never with text of the request
   */
  public Text render(Map<String, Value> variables, Limits limits, Clock clock) {
    var evaluator = new Evaluator(new Budget(limits), clock);
    Scope scope = new Scope(null);
    variables.forEach(scope::set);
    try {
      return evaluator.capture(body, scope);
    } catch (Failure failure) {
      int line = failure.line() > 0 ? failure.line() : evaluator.line();
      throw new OutcropException(
          ModelError.TEMPLATE_FAILED,
          "chat template, line " + line + ": " + failure.text(),
          failure);
    } catch (RuntimeException | StackOverflowError fault) {
      throw new OutcropException(
          ModelError.TEMPLATE_FAILED,
          "chat template, line " + evaluator.line() + ": cannot be evaluated: " + kind(fault));
    }
  }

  /** What a fault of ours may show: its text could hold words of a request, so could its cause. */
  private static String kind(Throwable fault) {
    return fault.getClass().getSimpleName();
  }
}
