package dev.outcrop.models.neuron;

import static dev.outcrop.models.files.CheckpointFile.invalid;
import static dev.outcrop.models.files.CheckpointFile.show;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.files.CheckpointFile;
import dev.outcrop.models.weights.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A bundle folder that was looked through: its manifest, the model that it is of, the program, and
 * a file of weights for every rank. Headers only; any thread may open it. The folder holds the
 * model's config.json and tokenizer files, too, so that it is a model folder like any other.
 *
 * @param folder where it is
 * @param manifest what it says of itself
 * @param config the model's config.json
 * @param program the TorchScript archive
 * @param ranks the weights of each rank
 */
public record NeuronBundle(
    Path folder,
    BundleManifest manifest,
    DecoderConfig config,
    Path program,
    List<SafetensorsFile> ranks) {
  private static final String MANIFEST = "manifest.json";
  private static final String PROGRAM = "model.pt";
  private static final String AGAIN =
      "; copy the whole bundle again, or have compile.py make it anew (--replace)";
  private static final String WEIGHTS = "weights/tp%d_sharded_checkpoint.safetensors";

  /** Copies the list. */
  public NeuronBundle {
    ranks = List.copyOf(ranks);
  }

  /** Whether a model folder is a bundle, or the beginning of one: its manifest comes last. */
  public static boolean in(Path folder) {
    return Files.exists(folder.resolve(MANIFEST))
        || Files.exists(folder.resolve(WEIGHTS.formatted(0)));
  }

  /**
   * Opens a bundle.
   *
   * @throws OutcropException where a file is missing, of another size than the manifest says, of
   *     another model or of another rank; it names the file
   */
  public static NeuronBundle open(Path folder) {
    Path file = folder.resolve(MANIFEST);
    BundleManifest manifest = BundleManifest.read(file);
    DecoderConfig config = DecoderConfig.read(folder);
    String family = config.family().modelType();
    if (!family.equals(manifest.family())) {
      throw invalid(
          file,
          "is of a model of family '%s', config.json beside it says '%s'"
              .formatted(show(manifest.family()), family));
    }
    if (manifest.shapes().longest() > config.maxPosition()) {
      throw invalid(
          file,
          "was compiled for contexts of %d tokens, config.json beside it ends at %d"
              .formatted(manifest.shapes().longest(), config.maxPosition()));
    }
    Path program = sized(folder, PROGRAM, manifest);
    for (int rank = 0; rank < manifest.ranks(); rank++) {
      Path weights = folder.resolve(WEIGHTS.formatted(rank));
      if (!Files.exists(weights)) {
        throw invalid(
            weights,
            "is missing: the weights of rank %d of %d%s".formatted(rank, manifest.ranks(), AGAIN));
      }
    }
    List<SafetensorsFile> ranks = new ArrayList<>();
    for (int rank = 0; rank < manifest.ranks(); rank++) {
      ranks.add(rank(folder, manifest, rank));
    }
    return new NeuronBundle(
        folder, manifest, config.withMaxPosition(manifest.shapes().longest()), program, ranks);
  }

  private static SafetensorsFile rank(Path folder, BundleManifest manifest, int rank) {
    Path file = sized(folder, WEIGHTS.formatted(rank), manifest);
    SafetensorsFile weights = SafetensorsFile.read(file);
    Map<String, String> metadata = weights.metadata();
    String said = show(metadata.getOrDefault("outcrop.model", "none"));
    if (!said.equals(manifest.modelHash())) {
      throw invalid(
          file,
          "has the weights of another model (%s, manifest.json says %s)%s"
              .formatted(said, manifest.modelHash(), AGAIN));
    }
    String place = metadata.get("outcrop.rank") + " of " + metadata.get("outcrop.ranks");
    String wanted = "%d of %d".formatted(rank, manifest.ranks());
    if (!place.equals(wanted)) {
      throw invalid(
          file, "has the weights of rank %s, must be %s%s".formatted(show(place), wanted, AGAIN));
    }
    return weights;
  }

  private static Path sized(Path folder, String name, BundleManifest manifest) {
    Path file = folder.resolve(name);
    Long bytes = manifest.files().get(name);
    if (bytes == null) {
      throw invalid(folder.resolve(MANIFEST), "files does not name '%s'".formatted(name));
    }
    try {
      if (!Files.isRegularFile(file)) {
        throw invalid(file, "is missing" + AGAIN);
      }
      long size = Files.size(file);
      if (size != bytes) {
        throw invalid(file, "has %d bytes, manifest.json says %d%s".formatted(size, bytes, AGAIN));
      }
      return file;
    } catch (IOException e) {
      throw CheckpointFile.unreadable(file, e);
    }
  }

  /** The same for sequences no longer than so many tokens; 0 leaves the length of a slot. */
  public NeuronBundle withMaxContext(int tokens) {
    return new NeuronBundle(folder, manifest, config.withMaxPosition(tokens), program, ranks);
  }

  /** Bytes of the weights of all ranks. */
  public long weightBytes() {
    return ranks.stream().mapToLong(SafetensorsFile::bytes).sum();
  }

  /**
   * Checks what compiled the bundle against what is about to run it: the first two numbers of the
   * version have to be equal, since TorchScript with operators of Neuron moves with both.
   *
   * @param libtorch the version that runs
   */
  public void requireLibtorch(String libtorch) {
    String compiled = manifest.versions().getOrDefault("torch", "");
    if (!line(compiled).equals(line(libtorch))) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          ("%s: was compiled with PyTorch %s, libtorch %s runs here; compile it again with PyTorch"
                  + " %s (Neuron SDK 2.28), or set PYTORCH_VERSION, PYTORCH_FLAVOR=cpu and"
                  + " PYTORCH_LIBRARY_PATH to a libtorch %s")
              .formatted(
                  folder.resolve(MANIFEST),
                  show(compiled),
                  libtorch,
                  line(libtorch),
                  show(line(compiled))));
    }
  }

  private static String line(String version) {
    String[] numbers = version.split("[.+]", 3);
    return numbers.length < 2 ? version : numbers[0] + "." + numbers[1];
  }
}
