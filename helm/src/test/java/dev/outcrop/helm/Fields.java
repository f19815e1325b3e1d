package dev.outcrop.helm;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Quantity;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Finds what an API server refuses in an object and Helm does not see: fields that its type does
 * not have, and values of another type than the field's, such as a number for an environment
 * variable.
 */
final class Fields {
  private static final ClassValue<List<Method>> GETTERS =
      new ClassValue<>() {
        @Override
        protected List<Method> computeValue(Class<?> type) {
          return Stream.of(type.getMethods())
              .filter(method -> method.getName().startsWith("get"))
              .filter(method -> method.getParameterCount() == 0)
              .filter(method -> !Modifier.isStatic(method.getModifiers()))
              .filter(method -> method.getDeclaringClass() != Object.class)
              .toList();
        }
      };

  private final List<String> findings = new ArrayList<>();

  private Fields() {}

  static List<String> findings(HasMetadata typed, JsonNode json) {
    if (typed instanceof GenericKubernetesResource) {
      return CustomResources.findings(json);
    }
    Fields fields = new Fields();
    fields.unknown(typed, "");
    fields.changed(json, Rendering.written(typed), "");
    return List.copyOf(fields.findings);
  }

  private void unknown(Object value, String path) {
    switch (value) {
      case List<?> list -> {
        for (int i = 0; i < list.size(); i++) {
          if (list.get(i) != null) {
            unknown(list.get(i), path + "/" + i);
          }
        }
      }
      case Map<?, ?> map ->
          map.forEach(
              (key, inner) -> {
                if (inner != null) {
                  unknown(inner, path + "/" + key);
                }
              });
      case Quantity _, IntOrString _, GenericKubernetesResource _ -> {}
      case Object bean when bean.getClass().getPackageName().startsWith("io.fabric8.") ->
          unknownOfBean(bean, path);
      default -> {}
    }
  }

  private void unknownOfBean(Object bean, String path) {
    for (Method getter : GETTERS.get(bean.getClass())) {
      Object inner;
      try {
        inner = getter.invoke(bean);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError("cannot read " + getter, e);
      }
      if (getter.getName().equals("getAdditionalProperties")) {
        ((Map<?, ?>) inner)
            .keySet()
            .forEach(key -> findings.add(path + "/" + key + ": no such field"));
      } else if (inner != null) {
        String name = getter.getName().substring(3);
        unknown(inner, path + "/" + Character.toLowerCase(name.charAt(0)) + name.substring(1));
      }
    }
  }

  /** Whether the types took every value as it is written. */
  private void changed(JsonNode json, JsonNode typed, String path) {
    if (json.isObject()) {
      json.properties()
          .forEach(
              entry ->
                  changed(
                      entry.getValue(), typed.path(entry.getKey()), path + "/" + entry.getKey()));
    } else if (json.isArray()) {
      for (int i = 0; i < json.size(); i++) {
        changed(json.get(i), typed.path(i), path + "/" + i);
      }
    } else if (json.isNull()) {
      findings.add(path + ": null, a value that was left out");
    } else if (!json.equals(typed) && !isQuantity(json, typed, path)) {
      findings.add(path + ": " + json + ", which the type takes as " + typed);
    }
  }

  private static boolean isQuantity(JsonNode json, JsonNode typed, String path) {
    return json.isNumber()
        && typed.asText().equals(json.asText())
        && (path.contains("/resources/") || path.endsWith("averageValue"));
  }
}
