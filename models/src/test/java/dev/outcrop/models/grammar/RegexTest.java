package dev.outcrop.models.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Regular expressions beside those of the JDK. */
final class RegexTest {
  private static final String[] PIECES = {
    "a", "b", "ab", "abc", "A", "0", "12", "-", ".", " ", "\n", "é", "你", "🙂", "_", "x", "\"",
    "\\", "]", "^", "$"
  };

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a*b+c?",
        "(ab|a)(bc|c)?",
        "^a.b$",
        "a{2}",
        "a{2,}",
        "(ab){1,3}",
        "[a-c]+",
        "[^a-c]",
        "[]a]+",
        "[^]a]+",
        "[a\\-z]",
        "[a-]",
        "\\d{1,2}-\\w+",
        "\\S\\s\\S",
        "\\D\\W",
        ".",
        "é|你+",
        "[é-你]",
        "\\u00e9",
        "\\x61",
        "\\.",
        "(?:a|b)*",
        "(?<name>a)b",
        "a|",
        "(^a|b$)",
        "a$|^b",
        "^(?:[0-9]{1,2}|x)*?$",
        "\\p{L}+",
        "\\P{L}",
        "\\p{Lu}\\p{Nd}",
        "a\\nb|\\n",
        "\\\\|\"",
        "()",
        "[\\d\\s]+",
        "[^\\d]",
        "(a*)*b",
        "^^a$$"
      })
  void acceptsWhatTheJdkAccepts(String pattern) {
    Budget budget = Lexemes.NO_LIMIT;
    Dfa whole = Subsets.of(RegexReader.read(pattern), Nfa.Writing.PLAIN, budget);
    Dfa part =
        Subsets.of(Regex.holding(RegexReader.read(pattern)), Nfa.Writing.JSON, budget)
            .quoted(budget);
    Pattern judge = Pattern.compile(pattern.replace("[]a]", "[\\]a]").replace("[^]a]", "[^\\]a]"));
    Random random = new Random(pattern.hashCode());
    for (int run = 0; run < 3000; run++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(6); i > 0; i--) {
        text.append(PIECES[random.nextInt(PIECES.length)]);
      }
      assertThat(whole.accepts(text.toString()))
          .as("'%s' as a whole", text)
          .isEqualTo(judge.matcher(text).matches());
      // The JDK's $ matches in front of a last line break too, that of JSON Schema does not.
      boolean found =
          Pattern.compile(judge.pattern().replace("$", "\\z").replace("\\\\z", "\\z"))
              .matcher(text)
              .find();
      assertThat(part.accepts(JsonText.quoted(text.toString())))
          .as("in '%s'", text)
          .isEqualTo(found);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(",
        ")",
        "a)",
        "[a",
        "a**+",
        "*a",
        "+",
        "?",
        "a{3,1}",
        "a{99999}",
        "a{x}",
        "a{1",
        "\\",
        "\\b",
        "a\\1",
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?i)a",
        "(?<n",
        "[z-a]",
        "[\\d-z]",
        "[[:alpha:]]",
        "\\p{Klingon}",
        "\\q",
        "\\u12",
        "\\xzz",
        "\\ud800",
        "\\k<n>",
        "a++",
        "a**",
        "a{2}{3}",
        "a+*",
        "a*??",
        "a?{2}"
      })
  void refusesWhatItCannotEnforce(String pattern) {
    assertThatThrownBy(() -> RegexReader.read(pattern))
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ModelError.GRAMMAR_REFUSED))
        .hasMessageContaining("at character");
  }

  @Test
  void refusesExpressionsThatNestTooDeep() {
    assertThatThrownBy(() -> RegexReader.read("(".repeat(50_000)))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("nests too deep");
  }
}
