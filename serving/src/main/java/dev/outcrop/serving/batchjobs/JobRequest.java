package dev.outcrop.serving.batchjobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The body of CreateModelInvocationJob (bedrock 2023-04-20), checked.
 *
 * @param body the members that are known, and no others
 */
record JobRequest(ObjectNode body) {
  /** The same names as the pattern of the API, without its exponential time. */
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9+.-]*");

  private static final Pattern ROLE = Pattern.compile("arn:aws(-[^:]+)?:iam::([0-9]{12})?:role/.+");
  private static final Pattern KMS_KEY =
      Pattern.compile(
          "(arn:aws(-[^:]+)?:kms:[a-zA-Z0-9-]*:[0-9]{12}:(key/[a-zA-Z0-9-]{36}|alias/[a-zA-Z0-9_/-]+))"
              + "|[a-zA-Z0-9-]{36}|alias/[a-zA-Z0-9_/-]+");
  private static final Pattern TOKEN = Pattern.compile("[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?");
  private static final Pattern ACCOUNT = Pattern.compile("[0-9]{12}");
  private static final Pattern NETWORK = Pattern.compile("[-0-9a-zA-Z]+");
  private static final Pattern TAG = Pattern.compile("[a-zA-Z0-9\\s._:/=+@-]*");
  private static final int MAX_TAGS = 200;
  private static final int DEFAULT_HOURS = 24;
  private static final int MAX_HOURS = 168;
  private static final String CONVERSE = "Converse";

  /** Reads a body; unknown members are left out. */
  static JobRequest read(ObjectNode body) {
    Fields fields = Fields.of(body);
    ObjectNode known = Json.object();
    known.put("jobName", matching(fields, "jobName", 1, 63, NAME));
    known.put("roleArn", matching(fields, "roleArn", 0, 2_048, ROLE));
    known.put("modelId", fields.string("modelId", 1, 2_048));
    String token = fields.stringOrNull("clientRequestToken", 1, 256);
    if (token != null) {
      known.put("clientRequestToken", check(fields, "clientRequestToken", token, TOKEN));
    }
    Fields input = fields.object("inputDataConfig").object("s3InputDataConfig");
    ObjectNode source = known.putObject("inputDataConfig").putObject("s3InputDataConfig");
    source.put("s3Uri", input.string("s3Uri", 1, 1_024));
    put(source, "s3InputFormat", input.choiceOrNull("s3InputFormat", List.of("JSONL")));
    owner(input, source);
    Fields output = fields.object("outputDataConfig").object("s3OutputDataConfig");
    ObjectNode target = known.putObject("outputDataConfig").putObject("s3OutputDataConfig");
    target.put("s3Uri", output.string("s3Uri", 1, 1_024));
    String key = output.stringOrNull("s3EncryptionKeyId", 1, 2_048);
    if (key != null) {
      target.put("s3EncryptionKeyId", check(output, "s3EncryptionKeyId", key, KMS_KEY));
    }
    owner(output, target);
    vpc(fields, known);
    if (fields.has("timeoutDurationInHours")) {
      known.put(
          "timeoutDurationInHours",
          fields.integer("timeoutDurationInHours", DEFAULT_HOURS, MAX_HOURS, DEFAULT_HOURS));
    }
    put(
        known,
        "modelInvocationType",
        fields.choiceOrNull("modelInvocationType", List.of("InvokeModel", CONVERSE)));
    tags(fields, known);
    return new JobRequest(known);
  }

  private static void owner(Fields from, ObjectNode to) {
    String owner = from.stringOrNull("s3BucketOwner", 12, 12);
    if (owner != null) {
      to.put("s3BucketOwner", check(from, "s3BucketOwner", owner, ACCOUNT));
    }
  }

  private static void vpc(Fields fields, ObjectNode known) {
    Fields vpc = fields.objectOrNull("vpcConfig");
    if (vpc == null) {
      return;
    }
    ObjectNode to = known.putObject("vpcConfig");
    BiConsumer<String, Integer> ids =
        (name, max) -> {
          List<String> values = vpc.strings(name, max, 0, 32);
          if (values.isEmpty()) {
            throw vpc.bad(name, "is required");
          }
          ArrayNode array = to.putArray(name);
          values.forEach(value -> array.add(check(vpc, name, value, NETWORK)));
        };
    ids.accept("subnetIds", 16);
    ids.accept("securityGroupIds", 5);
  }

  private static void tags(Fields fields, ObjectNode known) {
    List<Fields> tags = fields.objects("tags", MAX_TAGS);
    if (!fields.has("tags")) {
      return;
    }
    ArrayNode array = known.putArray("tags");
    for (Fields tag : tags) {
      array
          .addObject()
          .put("key", matching(tag, "key", 1, 128, TAG))
          .put("value", matching(tag, "value", 0, 256, TAG));
    }
  }

  private static String matching(Fields fields, String name, int min, int max, Pattern pattern) {
    return check(fields, name, fields.string(name, min, max), pattern);
  }

  private static String check(Fields fields, String name, String value, Pattern pattern) {
    if (!pattern.matcher(value).matches()) {
      throw fields.bad(
          name,
          "failed to satisfy constraint: Member must satisfy regular expression pattern: "
              + pattern);
    }
    return value;
  }

  private static void put(ObjectNode to, String name, @Nullable String value) {
    if (value != null) {
      to.put(name, value);
    }
  }

  String name() {
    return body.path("jobName").textValue();
  }

  String modelId() {
    return body.path("modelId").textValue();
  }

  @Nullable String token() {
    return body.path("clientRequestToken").textValue();
  }

  boolean converse() {
    return CONVERSE.equals(body.path("modelInvocationType").textValue());
  }

  int hours() {
    return body.path("timeoutDurationInHours").asInt(DEFAULT_HOURS);
  }

  /** Its tags, as they came. */
  List<JsonNode> tags() {
    List<JsonNode> tags = new ArrayList<>();
    body.path("tags").forEach(tags::add);
    return tags;
  }

  /** Where its records are. */
  Where input() {
    return where(body.at("/inputDataConfig/s3InputDataConfig"));
  }

  /** Where its answers go. */
  Where output() {
    return where(body.at("/outputDataConfig/s3OutputDataConfig"));
  }

  private static Where where(JsonNode node) {
    return new Where(
        node.path("s3Uri").textValue(),
        node.path("s3BucketOwner").textValue(),
        node.path("s3EncryptionKeyId").textValue());
  }

  /** Whether another request asks for the same. */
  boolean sameAs(JobRequest other) {
    return body.equals(other.body);
  }

  /**
   * A side of a job.
   *
   * @param owner the account that a bucket has to belong to
   * @param key the key that objects are encrypted with
   */
  record Where(String uri, @Nullable String owner, @Nullable String key) {}
}
