import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Makes of the SBOM (CycloneDX) that Maven writes that of an image, for build.sh: adds the JRE, the
 * base and, where they can be read, the base's packages, and names the libtorch that is there. Run
 * from source by the JDK whose JRE is in the image, with Jackson on the class path.
 */
final class Sbom {
  private static final String OUR_LIBTORCH = "pytorch-native-cpu";
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ObjectNode document;
  private final ArrayNode components;

  private Sbom(ObjectNode document) {
    this.document = document;
    this.components = document.withArray("components");
  }

  /** MAVENS.json OUT.json base=NAME digest=sha256:HEX [files=FOLDER] [libtorch=VERSION]. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> named = new HashMap<>();
    for (String argument : Arrays.asList(arguments).subList(2, arguments.length)) {
      int end = argument.indexOf('=');
      named.put(argument.substring(0, end), argument.substring(end + 1));
    }
    Path out = Path.of(arguments[1]);
    Sbom sbom = new Sbom((ObjectNode) MAPPER.readTree(Path.of(arguments[0]).toFile()));
    if (named.containsKey("libtorch")) {
      sbom.takeLibtorchOfBase(named.get("libtorch"));
    }
    sbom.addJre();
    sbom.add("container", named.get("base"), named.get("digest"), named.get("base"));
    if (named.containsKey("files")) {
      sbom.addPackages(Path.of(named.get("files")));
    }
    Files.createDirectories(out.toAbsolutePath().getParent());
    Files.write(out, sbom.bytes());
  }

  /** The library that Maven brings is not in the image, but another one of that version. */
  private void takeLibtorchOfBase(String version) {
    remove(components, OUR_LIBTORCH, "purl");
    ArrayNode dependencies = document.withArray("dependencies");
    remove(dependencies, OUR_LIBTORCH, "ref");
    for (JsonNode dependency : dependencies) {
      if (dependency.get("dependsOn") instanceof ArrayNode on) {
        remove(on, OUR_LIBTORCH, null);
      }
    }
    add("library", "libtorch", version, "pkg:generic/libtorch@" + version)
        .put("description", "as the base has it");
  }

  private static void remove(ArrayNode from, String artifact, String key) {
    Iterator<JsonNode> each = from.iterator();
    while (each.hasNext()) {
      JsonNode one = each.next();
      String name = key == null ? one.asText() : one.path(key).asText();
      if (name.contains("/" + artifact + "@")) {
        each.remove();
      }
    }
  }

  private void addJre() {
    String version = System.getProperty("java.runtime.version");
    add("platform", "jre", version, "pkg:generic/openjdk-jre@" + escaped(version))
        .put("publisher", System.getProperty("java.vendor"));
  }

  /** Debian's and its children's packages. */
  private void addPackages(Path files) throws IOException {
    Map<String, String> os = settings(files.resolve("usr/lib/os-release"), "=");
    String distribution = os.getOrDefault("ID", "debian");
    String release = distribution + "-" + os.getOrDefault("VERSION_ID", "");
    String all = Files.readString(files.resolve("var/lib/dpkg/status"));
    for (String stanza : all.split("\n\n+")) {
      Map<String, String> fields = fields(stanza.lines().toList(), ":");
      if (!fields.getOrDefault("Status", "").endsWith(" installed")) {
        continue;
      }
      String name = fields.get("Package");
      String version = fields.get("Version");
      String purl =
          "pkg:deb/%s/%s@%s?arch=%s&distro=%s"
              .formatted(
                  distribution,
                  escaped(name),
                  escaped(version),
                  fields.get("Architecture"),
                  release);
      add("library", name, version, purl);
    }
  }

  private ObjectNode add(String type, String name, String version, String reference) {
    ObjectNode component =
        components.addObject().put("type", type).put("bom-ref", reference).put("name", name);
    component.put("version", version);
    if (reference.startsWith("pkg:")) {
      component.put("purl", reference);
    }
    document.withArray("dependencies").addObject().put("ref", reference).putArray("dependsOn");
    return component;
  }

  /** The same content has the same number. */
  private byte[] bytes() throws IOException {
    document.remove("serialNumber");
    UUID number = UUID.nameUUIDFromBytes(MAPPER.writeValueAsBytes(document));
    document.put("serialNumber", "urn:uuid:" + number);
    return MAPPER.writeValueAsBytes(document);
  }

  private static Map<String, String> settings(Path file, String sign) throws IOException {
    return Files.exists(file) ? fields(Files.readAllLines(file), sign) : Map.of();
  }

  private static Map<String, String> fields(List<String> lines, String sign) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String line : lines) {
      int end = line.indexOf(sign);
      if (end > 0 && !line.startsWith(" ")) {
        fields.put(line.substring(0, end), line.substring(end + 1).strip().replace("\"", ""));
      }
    }
    return fields;
  }

  private static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
