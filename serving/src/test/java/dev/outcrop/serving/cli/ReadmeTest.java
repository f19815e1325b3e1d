package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a newcomer copies is whole. */
final class ReadmeTest {
  @TempDir private Path classes;

  @Test
  void javaOfTheReadmeCompiles() throws IOException {
    Matcher java =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("..", "README.md")));

    assertThat(java.find()).isTrue();
    compile(java.group(1));
    assertThat(java.find()).as("more Java than is compiled").isFalse();
  }

  @Test
  void javaThatTheDemoPrintsCompiles() {
    String printed = Snippets.of(URI.create("http://127.0.0.1:8080"), "outcrop.demo-v1:0");

    compile(printed.substring(printed.indexOf("import java.net.URI;")));
  }

  private void compile(String text) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    boolean compiled =
        compiler
            .getTask(
                messages,
                null,
                null,
                List.of("-cp", path, "-d", classes.toString(), "-proc:none"),
                null,
                List.of(
                    new SimpleJavaFileObject(
                        URI.create("string:///Chat.java"), JavaFileObject.Kind.SOURCE) {
                      @Override
                      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return text;
                      }
                    }))
            .call();
    assertThat(compiled).as(messages.toString()).isTrue();
  }
}
