package dev.outcrop.helm;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Random;

/** Values that a person could write and that contradict nowhere, by chance. */
final class RandomValues {
  private static final List<String> NAMES =
      List.of("a", "llama-8b", "qwen3-06b", "a-name-as-long-as-it-gos", "b0");

  private final Random random;
  private final ObjectNode values = Chart.YAML.createObjectNode();

  private RandomValues(long seed) {
    this.random = new Random(seed);
  }

  static ObjectNode of(long seed) {
    RandomValues values = new RandomValues(seed);
    values.write();
    return values.values;
  }

  private void write() {
    values
        .putObject("image")
        .put("registry", pick("registry.example", "1.dkr.ecr.eu-west-1.amazonaws.com/team/"));
    if (chance(4)) {
      ((ObjectNode) values.get("image"))
          .putObject("digests")
          .put("cpu", "sha256:" + "0123456789abcdef".repeat(4));
    }
    if (chance(3)) {
      values.putObject("commonLabels").put("team", "ml").put("app", "outcrop");
    }
    if (chance(4)) {
      values.put(
          pick("nameOverride", "fullnameOverride"),
          pick("x", "a-very-long-name-that-has-to-be-cut-by-somebody"));
    }
    values.putObject("auth").put(pick("keysSecret", "policySecret"), "callers");
    if (chance(3)) {
      ((ObjectNode) values.get("auth")).put("adminKeySecret", "admin");
    }
    boolean jobs = chance(6);
    String mode = jobs ? "none" : pick("none", "keda", "external", "hpa");
    server(jobs);
    ObjectNode defaults = values.putObject("modelDefaults");
    model(defaults, mode, jobs);
    defaults.remove("source");
    ArrayNode models = values.putArray("models");
    int count = 1 + random.nextInt(3);
    int first = random.nextInt(NAMES.size());
    for (int i = 0; i < count; i++) {
      ObjectNode model = models.addObject();
      model(model, mode, jobs);
      model
          .put("name", NAMES.get((first + i) % NAMES.size()))
          .put("id", "vendor.model-" + i + "-v1:0");
      source(model.putObject("source"));
      if (model.get("accelerator").asText().equals("neuron") && chance(2)) {
        compile(model);
      }
    }
    certificates(mode);
    scaling(mode, defaults, models);
    monitoring();
    gateway(models);
    rest();
  }

  private void server(boolean jobs) {
    ObjectNode server = values.putObject("server");
    if (chance(3)) {
      server.putObject("http").put("port", 1024 + random.nextInt(2000));
      server.putObject("management").put("port", 4000 + random.nextInt(2000));
    }
    if (jobs) {
      ObjectNode batch = server.putObject("batch-jobs");
      batch.put("folder", "/var/lib/outcrop/jobs");
      batch.putArray("locations").add("s3://bucket/batch");
    }
    values
        .putObject("drain")
        .put("delaySeconds", random.nextInt(60))
        .put("timeoutSeconds", random.nextInt(3600));
  }

  private void model(ObjectNode model, String mode, boolean jobs) {
    String accelerator = pick("cpu", "cuda", "neuron");
    model.put("accelerator", accelerator);
    model.put("devices", accelerator.equals("cpu") ? 1 : 1 + random.nextInt(16));
    model.put("allocation", accelerator.equals("cpu") || !chance(4) ? "devicePlugin" : "dra");
    if (chance(2)) {
      ArrayNode types = model.putArray("instanceTypes").add("g6e.2xlarge");
      if (chance(2)) {
        types.add("p5.48xlarge");
      }
    }
    if (mode.equals("none") && !jobs && chance(2)) {
      model.put("replicas", random.nextInt(4));
    }
    if (chance(3)) {
      model.put("startupTimeoutSeconds", 60 + random.nextInt(9000));
    }
    if (chance(3)) {
      model.put("sharedMemory", pick("1Gi", ""));
    }
    if (chance(3)) {
      model.put("readOnlyRootFilesystem", chance(2));
    }
    if (chance(3)) {
      ObjectNode resources = model.putObject("resources");
      resources.putObject("requests").put("cpu", pick("2", "500m")).put("memory", "8Gi");
      resources.putObject("limits").put("memory", "16Gi");
    }
    if (chance(4)) {
      model.putArray("env").addObject().put("name", "JAVA_TOOL_OPTIONS").put("value", "-Xmx4g");
      model.putObject("podLabels").put("cost-center", "12");
      model.putObject("podAnnotations").put("example.org/owner", "ml");
      model.putArray("topologySpreadConstraints");
      model.put("priorityClassName", "serving").put("doNotDisrupt", true);
      model.putArray("tolerations").addObject().put("key", "spot").put("operator", "Exists");
      model.putArray("extraVolumes").addObject().put("name", "more").putObject("emptyDir");
      model.putArray("extraVolumeMounts").addObject().put("name", "more").put("mountPath", "/more");
    }
    if (chance(2)) {
      int least = 1 + random.nextInt(3);
      model
          .putObject("autoscaling")
          .put("min", least)
          .put("max", least + random.nextInt(9))
          .put("ttftBudgetSeconds", chance(2) ? 1.5 : 3)
          .put("kvTarget", 0.7);
    }
  }

  private void source(ObjectNode source) {
    switch (random.nextInt(4)) {
      case 0 -> source.putObject("pvc").put("claim", "models").put("path", chance(2) ? "" : "m/n");
      case 1 ->
          source
              .putObject("s3csi")
              .put("bucket", "models")
              .put("prefix", pick("", "a/b/"))
              .put("region", "eu-west-1");
      case 2 ->
          source
              .putObject("image")
              .put("reference", "registry.example/weights:1")
              .put("path", pick("", "m"));
      default -> {
        ObjectNode volume =
            source
                .putObject("prefetch")
                .put("uri", "s3://models/m")
                .put("region", "eu-west-1")
                .putObject("volume");
        String type = pick("emptyDir", "ephemeral", "claim");
        volume.put("type", type).put("size", "100Gi");
        if (type.equals("claim")) {
          volume.put("claim", "weights");
        }
      }
    }
  }

  private void compile(ObjectNode model) {
    String target = pick("inf2", "trn1", "trn2");
    model.putArray("instanceTypes").add(target + pick(".xlarge", ".48xlarge"));
    ObjectNode neuron = model.putObject("neuron");
    boolean shared = model.get("allocation").asText().equals("devicePlugin") && chance(3);
    neuron.put("resource", shared ? "neuroncore" : "neuron");
    ObjectNode compile = neuron.putObject("compile").put("enabled", true);
    place(compile.putObject("from"), "checkpoint");
    boolean readOnly = model.at("/source").has("s3csi") || model.at("/source").has("image");
    String path = model.at("/source/pvc/path").asText("x");
    if (readOnly || path.isEmpty() || chance(3)) {
      place(compile.putObject("to"), "bundle");
    }
    compile.put("target", pick("", target)).put("tensorParallel", random.nextInt(2));
    compile.put("dtype", pick("bfloat16", "float32")).put("sampling", pick("host", "device"));
    if (chance(2)) {
      int slots = 1 + random.nextInt(64);
      compile.put("slots", slots).putArray("decodeRows").add(1 + random.nextInt(slots));
      int first = 2 + random.nextInt(1000);
      compile.putArray("prefillTokens").add(first).add(first + 1 + random.nextInt(1000));
      compile.putArray("contexts").add(1 + random.nextInt(2000)).add(1 << (11 + random.nextInt(9)));
    }
    if (chance(3)) {
      compile.putArray("args").add("--jobs=2").add("--compiler-args=--verbose 35");
      compile.putArray("env").addObject().put("name", "AWS_PROFILE").put("value", "a");
      compile.put("serviceAccountName", "compile").put("region", "us-east-1");
      compile.put("backoffLimit", 0).put("ttlSecondsAfterFinished", random.nextInt(2));
      compile.putObject("resources").putObject("limits").put("memory", "128Gi");
      compile.putArray("tolerations").addObject().put("key", "spot").put("operator", "Exists");
    }
    if (chance(3)) {
      compile.putObject("cache").put("claim", pick("models", "cache")).put("path", pick("", "k"));
      compile.putObject("scratch").put("type", "ephemeral").put("storageClass", pick("", "gp3"));
    }
  }

  private void place(ObjectNode place, String path) {
    if (chance(2)) {
      place.putObject("s3").put("uri", "s3://models/" + path + pick("", "/"));
    } else {
      place.putObject("pvc").put("claim", pick("models", "more")).put("path", path);
    }
  }

  private void certificates(String mode) {
    ObjectNode certificate = values.putObject("certificate");
    boolean api = chance(3);
    boolean signals = mode.equals("external") || chance(3);
    certificate.put("enabled", api).put("signals", signals);
    certificate
        .putObject("issuerRef")
        .put("name", "ca")
        .put("kind", pick("Issuer", "ClusterIssuer"));
    if (!api && chance(3)) {
      values.putObject("tls").put("secret", "certificate");
    }
  }

  private void scaling(String mode, ObjectNode defaults, ArrayNode models) {
    ObjectNode scaling = values.putObject("autoscaling").put("mode", mode);
    if (mode.equals("keda") && chance(3)) {
      scaling.put("heldBy", pick("gateway", "keda-http"));
      ObjectNode trigger =
          defaults.putObject("autoscaling").put("min", 0).putArray("triggers").addObject();
      trigger
          .put("type", "external-push")
          .putObject("metadata")
          .put("scalerAddress", "external-scaler.keda:9090");
    }
    if (chance(3)) {
      scaling.putObject("scaleDown").put("periodSeconds", 120);
    }
    ObjectNode signals = values.putObject("signals");
    signals.put("replicas", 1 + random.nextInt(3)).put("deletionCost", chance(2));
    signals.put("enabled", !mode.equals("none") || chance(2));
    if (models.size() > 1 && chance(3)) {
      ((ObjectNode) models.get(1)).putObject("config").put("max-context", 8192);
    }
  }

  private void monitoring() {
    ObjectNode monitoring = values.putObject("monitoring");
    monitoring.put("scrape", pick("none", "annotations", "podMonitor", "serviceMonitor"));
    if (chance(2)) {
      monitoring.putObject("labels").put("release", "kube-prometheus-stack");
    }
    monitoring.putObject("prometheusRule").put("enabled", chance(2));
    monitoring.putObject("dashboards").put("enabled", chance(8));
    values.putObject("networkPolicy").put("enabled", !chance(5));
    values.putObject("podDisruptionBudget").put("enabled", !chance(5));
  }

  private void gateway(ArrayNode models) {
    ObjectNode gateway = values.putObject("gateway");
    if (chance(3)) {
      gateway.put("defaultModel", models.get(0).get("name").asText());
      gateway.putArray("geographies").add("us").add("eu");
    }
    gateway.putObject("service").put("type", pick("ClusterIP", "NodePort", "LoadBalancer"));
    if (chance(2) || values.at("/autoscaling/heldBy").asText().equals("gateway")) {
      ObjectNode route = gateway.putObject("httpRoute").put("enabled", true);
      route.putArray("parentRefs").addObject().put("name", "edge").put("namespace", "gateways");
      route.putArray("hostnames").add("bedrock.example");
      route
          .put("requestTimeout", pick("", "600s"))
          .put("modelHeader", pick("", "X-Gateway-Model-Name"));
      gateway.putObject("inferencePool").put("enabled", chance(2));
    }
    if (chance(3)) {
      ObjectNode ingress =
          gateway.putObject("ingress").put("enabled", true).put("className", "nginx");
      ingress.putArray("hosts").add("bedrock.example");
    }
  }

  private void rest() {
    ObjectNode accounts = values.putObject("serviceAccounts");
    if (chance(3)) {
      accounts
          .putObject("serving")
          .putObject("annotations")
          .put("eks.amazonaws.com/role-arn", "arn:aws:iam::111122223333:role/models");
    }
    if (chance(4)) {
      values.putArray("imagePullSecrets").addObject().put("name", "pull");
    }
  }

  private boolean chance(int in) {
    return random.nextInt(in) == 0;
  }

  private String pick(String... of) {
    return of[random.nextInt(of.length)];
  }
}
