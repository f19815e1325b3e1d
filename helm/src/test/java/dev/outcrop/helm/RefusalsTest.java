package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values that contradict themselves are refused, with words that tell what to do. */
class RefusalsTest {
  private static final Set<String> SEEN = new ConcurrentSkipListSet<>();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          image: {registry: ""} | image.registry is empty: there is no public image
          models: [] | models is empty: name at least one model
          models: [{name: a, id: x, source: {pvc: {claim: c}}}, {name: a, id: y, source: {pvc: {claim: c}}}] | models: two are called a
          models: [{name: a, id: x, source: {pvc: {claim: c}}}, {name: b, id: x, source: {pvc: {claim: c}}}] | models: a and b have the id x
          {autoscaling: {mode: hpa}, models: [{name: a, id: 'x:1', source: {pvc: {claim: c}}}, {name: b, id: x/1, source: {pvc: {claim: c}}}]} | the ids of a and b are both x-1 as a label
          models: [{name: a, id: x}] | models: a: source has to be exactly one of pvc, s3csi, prefetch and image, and is none of them
          modelDefaults: {source: {image: {reference: r:1}}} | models: llama: source has to be exactly one of pvc, s3csi, prefetch and image, and is image and pvc
          {modelDefaults: {replicas: 2}, autoscaling: {mode: hpa}} | models: llama: replicas is given, but autoscaling.mode hpa sets the replicas
          modelDefaults: {autoscaling: {min: 5}} | models: llama: autoscaling.min is 5, above autoscaling.max, 4
          {modelDefaults: {autoscaling: {min: 0}}, autoscaling: {mode: keda}} | models: llama: autoscaling.min is 0, and nothing would hold requests until a pod is there
          {modelDefaults: {autoscaling: {min: 0}}, autoscaling: {mode: hpa, heldBy: keda-http}} | models: llama: autoscaling.min is 0, which mode keda alone can do
          {modelDefaults: {autoscaling: {min: 0}}, autoscaling: {mode: keda, heldBy: keda-http}} | models: llama: autoscaling.min is 0, and nothing would wake it, as signals asks pods alone: add a trigger on what waits at keda-http
          {modelDefaults: {autoscaling: {triggers: [{type: cron}]}}, autoscaling: {mode: hpa}} | models: llama: autoscaling.triggers are KEDA's, and autoscaling.mode is hpa
          {modelDefaults: {replicas: 2}, server: {batch-jobs: {folder: /jobs}}} | models: llama: up to 2 pods, but one pod only can use batch-jobs.folder
          {server: {batch-jobs: {folder: /jobs}}, autoscaling: {mode: hpa}} | models: llama: up to 4 pods, but one pod only can use batch-jobs.folder
          modelDefaults: {allocation: dra} | models: llama: allocation is dra, but accelerator cpu has no devices
          modelDefaults: {devices: 2} | models: llama: devices is 2, but accelerator cpu has none
          modelDefaults: {resources: {limits: {nvidia.com/gpu: 1}}} | models: llama: resources.limits names nvidia.com/gpu, which follows from accelerator and devices
          modelDefaults: {resources: {requests: {aws.amazon.com/neuroncore: 1}}} | models: llama: resources.requests names aws.amazon.com/neuroncore, which follows
          modelDefaults: {config: {path: /elsewhere}} | models: llama: config.path is set from the model's id and source
          modelDefaults: {config: {id: other}} | models: llama: config.id is set from the model's id and source
          models: [{name: a, id: x, source: {prefetch: {uri: 's3://b/m', volume: {type: claim}}}}] | models: a: source.prefetch.volume.type is claim, and claim names none
          models: [{name: a, id: x, source: {prefetch: {uri: 's3://b/m', volume: {type: ephemeral}}}}] | models: a: source.prefetch.volume.size is missing: what the model takes on disk
          {models: [{name: a, id: x/y, source: {pvc: {claim: c}}}], gateway: {ingress: {enabled: true, hosts: [h]}}} | models: a: id x/y holds a slash, which clients send as %2F and no HTTPRoute or Ingress may hold
          server: {drain-delay: 1s} | server.drain-delay is set by the chart; set drain.delaySeconds
          server: {drain-timeout: 5m} | server.drain-timeout is set by the chart; set drain.timeoutSeconds
          server: {models: []} | server.models is set by the chart; set models
          modelDefaults: {server: {auth: {key-file: /k}}} | models: llama: server.auth is set by the chart; set auth
          server: {http: {tls: {key-file: /k}}} | server.http.tls is set by the chart; set tls.secret or certificate.enabled
          server: {management: {admin-key: 0123456789abcdef}} | server.management.admin-key would lie in a ConfigMap in clear; name a Secret in auth.adminKeySecret
          modelDefaults: {env: [{name: HF_TOKEN, value: abc}]} | models: llama: env: HF_TOKEN looks like a credential in clear; give it by valueFrom.secretKeyRef
          signals: {env: [{name: AWS_SECRET_ACCESS_KEY, value: abc}]} | signals.env: AWS_SECRET_ACCESS_KEY looks like a credential in clear
          modelDefaults: {env: [{name: DJL_CACHE_DIR, value: /cache}]} | models: llama: env: DJL_CACHE_DIR is set by the chart; leave it out
          signals: {env: [{name: POD_NAME, value: me}]} | signals.env: POD_NAME is set by the chart; leave it out
          modelDefaults: {env: [{name: A, value: "1"}, {name: A, value: "2"}]} | models: llama: env: A stands there twice
          auth: {keysSecret: ""} | neither auth.keysSecret nor auth.policySecret is named
          auth: {policySecret: p} | auth.keysSecret and auth.policySecret are both named
          {tls: {secret: t}, certificate: {enabled: true, issuerRef: {name: i}}} | tls.secret and certificate.enabled both say which certificate to use
          certificate: {enabled: true} | certificate.issuerRef.name is empty: name who signs
          {signals: {enabled: false}, autoscaling: {mode: keda}} | autoscaling.mode is keda, which asks signals, and signals.enabled is false
          autoscaling: {mode: keda, keda: {serverSecret: s}} | autoscaling.keda.serverSecret and clientSecret go together
          autoscaling: {mode: external} | autoscaling.mode is external, which needs a certificate
          signals: {lease: {durationSeconds: 10}} | signals.lease.durationSeconds has to be above renewDeadlineSeconds, or two could lead
          signals: {lease: {retrySeconds: 6}} | signals.lease.renewDeadlineSeconds has to be at least twice retrySeconds
          {autoscaling: {mode: hpa}, extraObjects: [{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: x}, spec: {scaleTargetRef: {name: example-outcrop-llama}}}]} | extraObjects: a HorizontalPodAutoscaler scales example-outcrop-llama, as autoscaling.mode hpa does; two scalers would fight
          {autoscaling: {mode: hpa}, extraObjects: ["apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: x}\\n---\\napiVersion: keda.sh/v1alpha1\\nkind: ScaledObject\\nmetadata: {name: x}\\nspec: {scaleTargetRef: {name: '{{ .Release.Name }}-outcrop-llama'}}"]} | extraObjects: a ScaledObject scales example-outcrop-llama, as autoscaling.mode hpa does
          extraObjects: [{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: x}, spec: {scaleTargetRef: {name: example-outcrop-llama}}}] | extraObjects: a HorizontalPodAutoscaler scales example-outcrop-llama, and with autoscaling.mode none the chart sets its replicas at each upgrade
          {signals: {enabled: false}, autoscaling: {mode: hpa}} | autoscaling.mode is hpa on outcrop_signals_desired_replicas, which signals tells, and signals.enabled is false
          gateway: {defaultModel: other} | gateway.defaultModel: no model is called other
          gateway: {httpRoute: {enabled: true}} | gateway.httpRoute.parentRefs is empty: name the gateway
          gateway: {ingress: {enabled: true, className: alb}} | models: llama: gateway.ingress.className is alb, and an ALB takes no % in a path, as in /model/meta.llama3-1-8b-instruct-v1%3A0; take a gateway that routes by itself
          gateway: {inferencePool: {enabled: true}} | gateway.inferencePool.enabled needs gateway.httpRoute.enabled: a route points to a pool
          tests: {models: [other]} | tests.models: no model is called other
          {modelDefaults: {neuron: {compile: {enabled: true}}}} | models: llama: neuron.compile.enabled makes a bundle for Neuron, and accelerator is cpu
          modelDefaults: {accelerator: neuron, allocation: dra, neuron: {resource: neuroncore}} | models: llama: allocation dra claims whole devices, and neuron.resource is neuroncore
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true}}} | models: llama: neuron.compile.from has to be exactly one of pvc and s3, the checkpoint to compile, and is none of them
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {pvc: {claim: c}, s3: {uri: 's3://b/m'}}}}} | models: llama: neuron.compile.from has to be exactly one of pvc and s3, the checkpoint to compile, and is both
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {pvc: {claim: c, path: p}, s3: {uri: 's3://b/m'}}}}} | models: llama: neuron.compile.to is both pvc and s3, and the bundle goes to one of them
          models: [{name: a, id: x, source: {image: {reference: 'r:1'}}, accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}}}}] | models: a: neuron.compile.to is missing: the bundle cannot be written to source.image, which is read-only; name a pvc or s3
          models: [{name: a, id: x, source: {s3csi: {bucket: b}}, accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}}}}] | models: a: neuron.compile.to is missing: the bundle cannot be written to source.s3csi
          models: [{name: a, id: x, source: {pvc: {claim: c, path: /}}, accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}}}}] | models: a: neuron.compile: the bundle needs a folder of its own in claim c: give the path
          models: [{name: a, id: x, source: {pvc: {claim: c, path: m}}, accelerator: neuron, neuron: {compile: {enabled: true, from: {pvc: {claim: c, path: /m/}}}}}] | models: a: neuron.compile.from is where the bundle goes too: pvc c/m; give source or neuron.compile.to another place
          models: [{name: a, id: x, source: {prefetch: {uri: 's3://b/m', volume: {type: emptyDir, size: 1Gi}}}, accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m/'}}}}}] | models: a: neuron.compile.from is where the bundle goes too: s3://b/m
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, tensorParallel: 1}}} | models: llama: neuron.compile.target is missing, and instanceTypes do not tell it: inf2, trn1 or trn2
          modelDefaults: {accelerator: neuron, instanceTypes: [g6e.xlarge], neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, tensorParallel: 1}}} | models: llama: neuron.compile.target is missing
          modelDefaults: {accelerator: neuron, instanceTypes: [inf2.xlarge, trn1.2xlarge], neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, tensorParallel: 1}}} | models: llama: neuron.compile compiles for inf2, which instance type trn1.2xlarge is not
          modelDefaults: {accelerator: neuron, instanceTypes: [trn1.2xlarge], neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: trn2}}} | models: llama: neuron.compile compiles for trn2, which instance type trn1.2xlarge is not
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, tensorParallel: 4}}} | models: llama: neuron.compile.tensorParallel is 4, and a pod's devices have 2 cores
          modelDefaults: {accelerator: neuron, devices: 4, neuron: {resource: neuroncore, compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: trn1, tensorParallel: 8}}} | models: llama: neuron.compile.tensorParallel is 8, and a pod's devices have 4 cores
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, prefillTokens: [128, 128]}}} | models: llama: neuron.compile.prefillTokens has to ascend, and has 128 after 128
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, contexts: [512, 256]}}} | models: llama: neuron.compile.contexts has to ascend, and has 256 after 512
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, decodeRows: [4, 1]}}} | models: llama: neuron.compile.decodeRows has to ascend, and has 1 after 4
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, prefillTokens: [1, 128]}}} | models: llama: neuron.compile.prefillTokens begin with 1, which is a decode; they have to begin above
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, prefillTokens: [8192]}}} | models: llama: neuron.compile.prefillTokens end with 8192, and contexts with 4096
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, prefillTokens: [2048], contexts: [1024]}}} | models: llama: neuron.compile.prefillTokens end with 2048, and contexts with 1024
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, decodeRows: [1, 16]}}} | models: llama: neuron.compile.decodeRows end with 16, and there are 8 slots
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, cache: {path: p}}}} | models: llama: neuron.compile.cache.path is given without cache.claim
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, args: [--jobs=2, --slots=4]}}} | models: llama: neuron.compile.args: --slots follows from other values; leave it out
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, args: ['--contexts', '-1']}}} | models: llama: neuron.compile.args: --contexts follows from other values
          modelDefaults: {accelerator: neuron, neuron: {compile: {enabled: true, from: {s3: {uri: 's3://b/m'}}, to: {s3: {uri: 's3://b/n'}}, target: inf2, env: [{name: HOME, value: /h}]}}} | models: llama: neuron.compile.env: HOME is set by the chart; leave it out
          drain: {gracePeriodSeconds: 334} | drain.gracePeriodSeconds is 334, which would cut streams: delaySeconds, timeoutSeconds and 20 s to come down make 335
          """)
  void refusesContradictions(String values, String message) {
    assertThatThrownBy(() -> Chart.renderWith(values))
        .hasMessageContaining(message)
        .satisfies(refusal -> SEEN.add(refusal.getMessage()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          imge: {tag: a} | imge
          image: {tag: latest} | tag
          image: {digests: {cpu: 'sha256:abc'}} | digests
          server: {http: {port: 0}} | port
          server: {http: {host: 127.0.0.1}} | host
          server: {management: {host: '::1'}} | host
          modelDefaults: {accelerator: tpu} | accelerator
          modelDefaults: {devices: 0} | devices
          modelDefaults: {autoscaling: {kvTarget: 1.5}} | kvTarget
          modelDefaults: {neuron: {resource: neurondevice}} | resource
          modelDefaults: {neuron: {compile: {target: inf1}}} | target
          modelDefaults: {neuron: {compile: {from: {s3: {uri: 'https://b/m'}}}}} | uri
          modelDefaults: {neuron: {compile: {contexts: [0]}}} | contexts
          modelDefaults: {neuron: {compile: {image: {tag: latest}}}} | tag
          modelDefaults: {neuron: {compile: {args: [jobs]}}} | args
          models: [{name: signals, id: x, source: {pvc: {claim: c}}}] | name
          models: [{name: Upper, id: x, source: {pvc: {claim: c}}}] | name
          models: [{name: a, source: {pvc: {claim: c}}}] | id
          autoscaling: {mode: both} | mode
          monitoring: {scrape: prometheus} | scrape
          networkPolicy: {apiServer: []} | apiServer
          networkPolicy: {apiServerPorts: []} | apiServerPorts
          networkPolicy: {dns: []} | dns
          fullnameOverride: -dash | fullnameOverride
          drain: {delaySeconds: -1} | delaySeconds
          """)
  void refusesValuesOfTheWrongKind(String values, String place) {
    assertThatThrownBy(() -> Chart.renderWith(values))
        .hasMessageContaining("values don't meet the specifications")
        .hasMessageContaining(place);
  }

  /** Every message that the templates can fail with was seen above. */
  @AfterAll
  static void triedEveryRefusal() throws IOException {
    try (Stream<Path> templates = Files.walk(Chart.FOLDER.resolve("templates"))) {
      Pattern fail = Pattern.compile("fail \\(?(?:printf )?\"((?:[^\"\\\\]|\\\\.)*)\"");
      List<String> formats =
          templates
              .filter(Files::isRegularFile)
              .flatMap(file -> fail.matcher(read(file)).results())
              .map(result -> result.group(1))
              .toList();
      assertThat(formats).hasSizeGreaterThan(30);
      Set<String> untried =
          formats.stream()
              .filter(format -> SEEN.stream().noneMatch(message -> matches(format, message)))
              .collect(Collectors.toCollection(TreeSet::new));
      assertThat(untried).isEmpty();
    }
  }

  private static boolean matches(String format, String message) {
    String expression =
        Stream.of(format.split("(?<!%)%[sd]", -1))
            .map(words -> Pattern.quote(words.replace("%%", "%")))
            .collect(Collectors.joining(".+"));
    return Pattern.compile(expression).matcher(message).find();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
