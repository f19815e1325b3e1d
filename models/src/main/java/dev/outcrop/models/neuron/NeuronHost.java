package dev.outcrop.models.neuron;

import ai.djl.util.NeuronUtils;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What this machine and the environment of this process have for Neuron. Asked for every bundle.
 *
 * @param environment the variables of the process
 * @param cores how many Neuron cores the machine shows
 */
public record NeuronHost(Map<String, String> environment, IntSupplier cores) {
  /** The variable that says which cores a process has. */
  public static final String VISIBLE_CORES = "NEURON_RT_VISIBLE_CORES";

  private static final String EXTRA = "PYTORCH_EXTRA_LIBRARY_PATH";
  private static final String NUMBER = "NEURON_RT_NUM_CORES";
  private static final String LIBRARY = "libtorchneuron";

  /** This machine and this process. */
  public static NeuronHost here() {
    return new NeuronHost(System.getenv(), NeuronUtils::getNeuronCores);
  }

  /**
   * The cores that a bundle takes, as NEURON_RT_VISIBLE_CORES spells them, where the environment
   * does not say yet; null where it does. A process has its cores for itself, and a program takes
   * the first ones that it sees, so one process runs one bundle.
   *
   * @throws OutcropException DEVICE_MISSING where libtorchneuron, devices or enough cores are
   *     missing; the message says what to set
   */
  public @Nullable String coresFor(BundleManifest manifest) {
    String extra = environment.getOrDefault(EXTRA, "");
    if (extra.isEmpty()) {
      throw missing(EXTRA + " is not set");
    }
    List<Path> libraries = Arrays.stream(extra.split(",")).map(Path::of).toList(); // as DJL does
    for (Path library : libraries) {
      if (!Files.isRegularFile(library)) {
        throw missing("%s names '%s', which is not there".formatted(EXTRA, library));
      }
    }
    if (libraries.stream().noneMatch(NeuronHost::isLibrary)) {
      throw missing("%s names no %s.so".formatted(EXTRA, LIBRARY));
    }
    int there = cores.getAsInt();
    if (there == 0) {
      throw missing("there is no Neuron device (/dev/neuron0)");
    }
    int seen = seen(there);
    if (seen < manifest.ranks()) {
      throw missing(
          "the bundle needs %d cores, this process sees %d".formatted(manifest.ranks(), seen));
    }
    if (environment.containsKey(VISIBLE_CORES) || environment.containsKey(NUMBER)) {
      return null;
    }
    return manifest.ranks() == 1 ? "0" : "0-" + (manifest.ranks() - 1);
  }

  private static boolean isLibrary(Path file) {
    Path name = file.getFileName();
    return name != null && name.toString().startsWith(LIBRARY);
  }

  private int seen(int there) {
    String visible = environment.get(VISIBLE_CORES);
    if (visible != null) {
      return counted(visible);
    }
    String number = environment.get(NUMBER);
    if (number == null) {
      return there;
    }
    try {
      return Integer.parseInt(number.strip());
    } catch (NumberFormatException e) {
      throw missing("%s must be a number, was '%s'".formatted(NUMBER, number));
    }
  }

  /** Cores of a list such as {@code 0-3,8}. */
  private static int counted(String list) {
    int count = 0;
    try {
      for (String part : list.split(",")) {
        String[] ends = part.strip().split("-", 2);
        int first = Integer.parseInt(ends[0]);
        int last = ends.length == 1 ? first : Integer.parseInt(ends[1]);
        count += Math.max(0, last - first + 1);
      }
      return count;
    } catch (NumberFormatException e) {
      throw missing("%s must be like 0-3,8, was '%s'".formatted(VISIBLE_CORES, list));
    }
  }

  /** The error where libtorch does not load with Neuron's library beside it. */
  public OutcropException unloadable(OutcropException cause) {
    return missing(String.valueOf(cause.getMessage()), cause);
  }

  private static OutcropException missing(String what) {
    return missing(what, null);
  }

  private static OutcropException missing(String what, @Nullable Throwable cause) {
    return new OutcropException(
        ModelError.DEVICE_MISSING,
        ("a Neuron bundle cannot run here: %s. It needs an Inferentia2 or Trainium instance with"
                + " Neuron's driver, %s=.../torch_neuronx/lib/libtorchneuron.so of torch-neuronx"
                + " 2.7 (SDK 2.28), PYTORCH_LIBRARY_PATH=the folder of libtorch 2.7.1,"
                + " PYTORCH_VERSION=2.7.1 and PYTORCH_FLAVOR=cpu")
            .formatted(what, EXTRA),
        cause);
  }
}
