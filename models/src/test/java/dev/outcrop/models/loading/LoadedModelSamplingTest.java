package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.GenerationDefaults;
import dev.outcrop.models.engine.Sampling;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a checkpoint's generation_config.json turns into the sampling of silent requests. */
class LoadedModelSamplingTest {
  @TempDir private Path folder;

  private Sampling sampling(String file) throws IOException, URISyntaxException {
    URI config =
        Objects.requireNonNull(LoadedModelSamplingTest.class.getResource("/checkpoints/qwen2"))
            .toURI();
    Files.writeString(folder.resolve("generation_config.json"), file);
    return LoadedModel.sampling(
        GenerationDefaults.read(folder, DecoderConfig.read(Path.of(config))));
  }

  @Test
  void isGreedyUnlessTheFileWantsDraws() throws IOException, URISyntaxException {
    assertThat(sampling("{}")).isEqualTo(Sampling.GREEDY);
    assertThat(sampling("{\"do_sample\":false,\"temperature\":0.7}").greedy()).isTrue();
    assertThat(sampling("{\"do_sample\":true,\"temperature\":0.7}").greedy()).isFalse();
    assertThat(sampling("{\"do_sample\":true,\"temperature\":0}").greedy()).isTrue();
  }

  @Test
  void keepsFiftyTokensUnlessTheFileSaysOtherwise() throws IOException, URISyntaxException {
    assertThat(sampling("{\"do_sample\":true}").topK()).isEqualTo(50);
    assertThat(sampling("{\"do_sample\":true,\"top_k\":7}").topK()).isEqualTo(7);
    assertThat(sampling("{\"do_sample\":true,\"top_k\":0}").topK()).isZero();
    assertThat(sampling("{\"do_sample\":true,\"top_k\":null}").topK()).isZero();
  }
}
