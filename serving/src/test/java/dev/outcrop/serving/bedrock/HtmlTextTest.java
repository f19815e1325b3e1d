package dev.outcrop.serving.bedrock;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of a page. */
final class HtmlTextTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          <p>One</p><p>Two  three</p>          | One/Two three
          a <b>bold</b>, <i>word</i>.          | a bold, word.
          x<br>y<BR/>z                         | x/y/z
          <ul><li>a</li><li>b</li></ul>        | a/b
          <tr><td>1</td><td>2</td></tr>        | 1~2
          a<script>if (x<y) {}</script>b       | ab
          a<SCRIPT src=x>1</Script >b          | ab
          a<script>1</scripty></script>b       | ab
          a<style>p{}</style>b                 | ab
          a<!-- <p>no</p> -->b                 | ab
          <!DOCTYPE html><html>a</html>        | a
          <?xml version="1.0"?>a               | a
          <a title="1 > 0" href='x>y'>a</a>    | a
          1 < 2 <3 a<b                         | 1 < 2 <3 a
          &lt;p&gt; &amp;amp; &#65;&#x42;      | <p> &amp; AB
          &nope; &; & &#; &#x110000; &#xd800;  | &nope; &; & \ufffd \ufffd \ufffd
          a&nbsp;b&mdash;c                     | a b\u2014c
          <title>T</title><body>b              | T/b
          <pre>a   b</pre>c   d                | a   b/c d
          """)
  void keepsTheText(String page, String text) {
    assertThat(HtmlText.of(page)).isEqualTo(text.replace('/', '\n').replace('~', '\t'));
  }

  @Test
  void keepsTheLinesOfPreformattedText() {
    assertThat(HtmlText.of("<pre>a\n  b</pre>")).isEqualTo("a\n  b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"<", "<!--", "<script>", "</", "<a b=\"", "&", "<p>", "<a", "&#", "</pre>"})
  @Timeout(60)
  void takesNoLongerForAHostilePage(String piece) {
    assertThat(HtmlText.of(piece.repeat(1_000_000)).length()).isLessThanOrEqualTo(2_000_000);
  }
}
