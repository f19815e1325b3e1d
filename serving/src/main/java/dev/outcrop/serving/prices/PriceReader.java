package dev.outcrop.serving.prices;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Turns the tree of a price file into rows that are checked. */
final class PriceReader {
  private static final double GIGA = 1e9;
  private static final double TERA = 1e12;
  private static final int MOST_DEVICES = 1_024;

  private final String file;
  private final JsonNode tree;
  private final Map<String, Source> sources = new LinkedHashMap<>();
  private final Map<String, Device> devices = new LinkedHashMap<>();
  private final Map<String, Instance> instances = new LinkedHashMap<>();
  private final Map<String, BedrockPrice> bedrock = new LinkedHashMap<>();
  private final Map<String, Mode> modes = new LinkedHashMap<>();

  PriceReader(String file, JsonNode tree) {
    this.file = file;
    this.tree = tree;
  }

  Prices read() {
    each("sources", this::source);
    each("devices", this::device);
    Map<String, Map<Purchase, Hourly>> hourly = hourly();
    each("instances", row -> instance(row, hourly));
    hourly.keySet().stream()
        .filter(type -> !instances.containsKey(type))
        .findFirst()
        .ifPresent(
            type -> {
              throw top().invalid("hourly", "names %s, which is no instance".formatted(type));
            });
    each("bedrock", this::bedrock);
    each("modes", this::mode);
    return new Prices(top().text("date"), instances, bedrock, modes);
  }

  private Row top() {
    return new Row(file, "the file", tree);
  }

  private void each(String section, Consumer<Row> reader) {
    for (Map.Entry<String, JsonNode> row :
        new Row(file, section, tree.path(section)).node().properties()) {
      reader.accept(new Row(file, section + "." + row.getKey(), row.getValue()));
    }
  }

  private static String name(Row row) {
    return row.path().substring(row.path().indexOf('.') + 1);
  }

  private void source(Row row) {
    row.with("date", "what");
    sources.put(name(row), new Source(name(row), row.text("date"), row.text("what")));
  }

  private Source sourceOf(Row row) {
    Source source = sources.get(row.text("source"));
    if (source == null) {
      throw row.invalid("source", "is not one of sources");
    }
    return source;
  }

  private void device(Row row) {
    row.with("kind", "memory-gb", "gb-per-second", "tflops", "source");
    devices.put(
        name(row),
        new Device(
            name(row),
            kind(row),
            row.positive("memory-gb") * GIGA,
            row.positive("gb-per-second") * GIGA,
            row.positive("tflops") * TERA,
            sourceOf(row)));
  }

  private static Device.Kind kind(Row row) {
    return switch (row.text("kind")) {
      case "cpu" -> Device.Kind.CPU;
      case "gpu" -> Device.Kind.GPU;
      case "neuron" -> Device.Kind.NEURON;
      default -> throw row.invalid("kind", "must be cpu, gpu or neuron");
    };
  }

  private Map<String, Map<Purchase, Hourly>> hourly() {
    Map<String, Map<Purchase, Hourly>> hourly = new LinkedHashMap<>();
    int index = 0;
    for (JsonNode node : tree.path("hourly")) {
      Row row = new Row(file, "hourly[" + index++ + "]", node);
      row.with("instance", "purchase", "usd", "source");
      hourly
          .computeIfAbsent(row.text("instance"), _ -> new EnumMap<>(Purchase.class))
          .put(purchase(row), new Hourly(row.positive("usd"), sourceOf(row)));
    }
    return hourly;
  }

  private static Purchase purchase(Row row) {
    String word = row.text("purchase");
    for (Purchase purchase : Purchase.values()) {
      if (purchase.word().equals(word)) {
        return purchase;
      }
    }
    throw row.invalid("purchase", "must be on-demand, reserved, spot or capacity-block");
  }

  private void instance(Row row, Map<String, Map<Purchase, Hourly>> hourly) {
    row.with("device", "devices");
    Device device = devices.get(row.text("device"));
    if (device == null) {
      throw row.invalid("device", "is not one of devices");
    }
    double count = row.positive("devices");
    if (count != Math.rint(count) || count > MOST_DEVICES) {
      throw row.invalid("devices", "must be a whole number up to " + MOST_DEVICES);
    }
    instances.put(
        name(row),
        new Instance(name(row), device, (int) count, hourly.getOrDefault(name(row), Map.of())));
  }

  private void bedrock(Row row) {
    row.with("input", "output", "cached", "source", "checked");
    BedrockPrice price =
        new BedrockPrice(
            name(row),
            row.number("input"),
            row.number("output"),
            row.has("cached") ? (Double) row.number("cached") : null,
            sourceOf(row),
            row.has("checked") ? row.text("checked") : null);
    bedrock.values().stream()
        .filter(other -> Prices.plain(other.id()).equals(Prices.plain(price.id())))
        .filter(other -> !costTheSame(other, price))
        .findFirst()
        .ifPresent(
            other -> {
              throw row.invalid(
                  "input",
                  "or another price costs something else than %s, which is the same but for its version"
                      .formatted(other.id()));
            });
    bedrock.put(name(row).toLowerCase(Locale.ROOT), price);
  }

  private static boolean costTheSame(BedrockPrice one, BedrockPrice other) {
    return one.input() == other.input()
        && one.output() == other.output()
        && one.cachedOrInput() == other.cachedOrInput();
  }

  private void mode(Row row) {
    row.with("share", "verified");
    modes.put(name(row), new Mode(name(row), row.positive("share"), row.flag("verified")));
  }
}
