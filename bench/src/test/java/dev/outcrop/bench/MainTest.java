package dev.outcrop.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the benchmarks say to wrong options and to what is not there. */
class MainTest {
  private static final String DEMO = Path.of("..", "models", "demo", "model").toString();

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          batching --requests 0          | --requests must be from 1 to 512, was 0
          batching --requests 513        | --requests must be from 1 to 512, was 513
          batching --alone 0             | --alone must be from 1 to 512, was 0
          batching --batch 0             | --batch must be from 1 to 4096, was 0
          batching --equal-requests 0    | --equal-requests must be from 1 to 65536, was 0
          batching --scale -1            | --scale must be from 0.001 to 100, was -1
          batching --scale NaN           | --scale must be from 0.001 to 100, was NaN
          batching --threads -1          | --threads must be from 0 to 4096, was -1
          batching --shape 64,2,4,2,128,256 --model m | --shape takes no --model beside it
          batching --shape 64,2          | Invalid value for option '--shape': takes six numbers from 1 to 1048576, hidden,layers,heads,kv-heads,intermediate,vocabulary, was 64,2
          engine --shape 64,2,4,2,0,256  | Invalid value for option '--shape': takes six numbers from 1 to 1048576, hidden,layers,heads,kv-heads,intermediate,vocabulary, was 64,2,4,2,0,256
          engine --shape 64,2,4,2,x,256  | Invalid value for option '--shape': takes six numbers from 1 to 1048576, hidden,layers,heads,kv-heads,intermediate,vocabulary, was 64,2,4,2,x,256
          engine --shape 64,2,3,2,9,256  | Invalid value for option '--shape': hidden has to be a multiple of heads, heads of kv-heads, and vocabulary above 1, was 64,2,3,2,9,256
          gpu-kit                        | Missing required option: '--output=<output>'
          gpu-kit --output k --batch 0   | --batch must be from 1 to 4096, was 0
          gpu-kit --output k --context 1 | --context must be from 2 to 131072, was 1
          gpu-kit --output k --prompt 1  | --prompt must be from 2 to 131072, was 1
          gpu-kit --output k --prefix 0  | --prefix must be from 1 to 131072, was 0
          gpu-kit --output k --dtype float32 --stand-in --quantization int4 | --quantization needs --dtype bfloat16
          gpu-kit --output k --dtype float32 | --dtype float32 is for kits with --stand-in
          gpu-kit --output k --quantization int4 --check c | --check compares with weights that are not quantised, --quantization must be none
          encode --shape 64,2,4,2        | Invalid value for option '--shape': takes five numbers from 1 to 1048576, hidden,layers,heads,intermediate,vocabulary, was 64,2,4,2
          encode --shape 65,2,4,64,256   | Invalid value for option '--shape': hidden has to be a multiple of heads, was 65,2,4,64,256
          encode --repeats 1001          | --repeats must be from 1 to 1000, was 1001
          engine --batch 8,0             | --batch must be from 1 to 4096, was 0
          engine --steps 0               | --steps must be from 1 to 100000, was 0
          engine --prompt 0              | --prompt must be from 1 to 131072, was 0
          engine --repeats 0             | --repeats must be from 1 to 1000, was 0
          engine --threads -1            | --threads must be from 0 to 4096, was -1
          peers --shape 2b                | Invalid value for option '--shape': takes six numbers from 1 to 1048576, hidden,layers,heads,kv-heads,intermediate,vocabulary, was 2b
          peers --contestants ours,vllm  | --contestants takes ours, ours-int8, ours-int4, llama-bf16, llama-q8_0, llama-q4_0, jlama, transformers, was vllm
          peers --streams 1,0            | --streams must be from 1 to 256, was 0
          peers --streams 257            | --streams must be from 1 to 256, was 257
          peers --context 0              | --context must be from 1 to 16384, was 0
          peers --context 16380          | --context and --steps must be below 16364 together
          peers --prompt 0               | --prompt must be from 1 to 16384, was 0
          peers --steps 0                | --steps must be from 1 to 10000, was 0
          peers --rounds 0               | --rounds must be from 1 to 1000, was 0
          peers --threads -1             | --threads must be from 0 to 4096, was -1
          peers --timeout 0              | --timeout must be from 1 to 86400, was 0
          scaling --max 0                | --max must be from 1 to 100, was 0
          scaling --thresholds 5,0       | --thresholds must be from 0.01 to 1000, was 0
          scaling --running 0            | --running must be from 0.01 to 1000, was 0
          soak --streams 0               | --streams must be from 1 to 64, was 0
          soak --minutes 0               | --minutes must be from 0.01 to 10000, was 0
          soak --minutes 1 --settle 2    | --settle must be from 0 to 1, was 2
          soak --minutes 1 --settle 1    | --settle leaves no time in --minutes for two looks (--every)
          soak --minutes 1 --settle 0.9 --every 4 | --settle leaves no time in --minutes for two looks (--every)
          soak --every 0                 | --every must be from 0.01 to 600, was 0
          scheduler --sequences 0        | --sequences must be from 1 to 10000, was 0
          scheduler --warmup -1          | --warmup must be from 0 to 10000, was -1
          scheduler --iterations 0       | --iterations must be from 1 to 10000, was 0
          scheduler --seconds 0          | --seconds must be from 0.01 to 3600, was 0
          scheduler --forks -1           | --forks must be from 0 to 100, was -1
          converse --target http://h --model m --clients 0      | --clients must be from 1 to 10000, was 0
          converse --target http://h --model m --prompt-words 0 | --prompt-words must be from 1 to 100000, was 0
          converse --target http://h --model m --max-tokens 0   | --max-tokens must be from 1 to 100000, was 0
          converse --target http://h --model m --repeats 0      | --repeats must be from 1 to 1000, was 0
          converse --target http://h --model m --warm-rounds -1 | --warm-rounds must be from 0 to 1000, was -1
          http --streams 0               | --streams must be from 1 to 1024, was 0
          http --slowest 0               | --slowest must be from 1 to 10000, was 0
          http --fastest 59              | --fastest must be from 60 to 10000, was 59
          http --calm-streams -1         | --calm-streams must be from 0 to 1024, was -1
          http --calm-rate 0             | --calm-rate must be from 1 to 10000, was 0
          http --warmup -1               | --warmup must be from 0 to 3600, was -1
          http --seconds 0               | --seconds must be from 0.1 to 3600, was 0
          scrape --tenants 0             | --tenants must be from 1 to 100000, was 0
          scrape --scrapes 0             | --scrapes must be from 1 to 1000000, was 0
          load --scenario smoke --target h                       | --target must be like http://127.0.0.1:8080, was h
          load --scenario smoke --target http://h --devices 0    | --devices must be from 1 to 100000, was 0
          load --scenario smoke --target http://h --repeats 0    | --repeats must be from 1 to 100, was 0
          load --scenario smoke --target http://h --most-lag 0   | --most-lag must be from 1 to 60000, was 0
          load --scenario smoke --target http://h --trace x      | --trace is for scenarios that replay, such as replay
          load --scenario smoke --target http://h --texts        | --texts is for scenarios that replay, such as replay
          load --scenario replay --target http://h               | --trace must say what to replay: the scenario does not
          load --scenario smoke --target http://h --metrics h    | --metrics must be like http://127.0.0.1:8081/metrics, was h
          load --scenario smoke --target http://h --metrics //h:8081/metrics | --metrics must be like http://127.0.0.1:8081/metrics, was //h:8081/metrics
          load --scenario smoke --target http://h --metrics httpx://h/ | --metrics must be like http://127.0.0.1:8081/metrics, was httpx://h/
          load --scenario smoke --target http://u:secret@h       | --target must be like http://127.0.0.1:8080, without a user or a password
          load --scenario smoke --target http://h --html none/r.html | --html must be a file in a folder that is there, was none/r.html
          load --scenario smoke --target http://h --key k --region r | --key and --region are two ways to say who asks
          load --scenario smoke --target http://h --api openai --region r | --region signs for converse, not for openai
          report r.json --html none/r.html                       | --html must be a file in a folder that is there, was none/r.html
          report r.json --html r.html --json none/r.json         | --json must be a file in a folder that is there, was none/r.json
          dollars --model meta.llama3-1-8b-instruct --html none/r.html | --html must be a file in a folder that is there, was none/r.html
          compare none.json other.json                           | there is no file none.json
          converse --target 127.0.0.1:80 --model m              | --target must be like http://127.0.0.1:8080, was 127.0.0.1:80
          converse --target http://u:secret@h --model m         | --target must be like http://127.0.0.1:8080, without a user or a password
          converse --target ftp://h --model m                   | --target must be like http://127.0.0.1:8080, was ftp://h
          converse --target http://h:99999 --model m            | --target must be like http://127.0.0.1:8080, was http://h:99999
          """)
  void refusesWrongUsageBeforeItMeasures(String options, String message) {
    assertThat(execute(options.split(" "))).isEqualTo(2);

    assertThat(lines().getFirst()).isEqualTo(message);
    assertThat(lines().get(1)).as("help comes next, no stack").startsWith("Usage: ");
  }

  @Test
  void refusesAKeyThatNoHeaderHoldsWithoutShowingIt() {
    assertThat(execute("converse", "--target=http://h", "--model=m", "--key=a\nsecret"))
        .isEqualTo(2);

    assertThat(lines().getFirst()).isEqualTo("--key must be plain characters");
    assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("secret");
  }

  @Test
  void saysInOneLineThatNobodyAnswers() throws IOException {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    String target = "http://127.0.0.1:" + port;

    assertThat(execute("converse", "--target", target, "--model=m", "--clients=2")).isEqualTo(1);

    assertThat(lines()).containsExactly("outcrop: nobody answers at " + target);
  }

  @Test
  void saysInOneLineWhatALoadLacks() throws IOException {
    assertThat(execute("load", "--target=http://127.0.0.1:1", "--scenario=none")).isEqualTo(1);
    assertThat(lines()).hasSize(1);
    assertThat(lines().getFirst()).startsWith("outcrop: there is no scenario file none, nor ");

    err.reset();
    assertThat(execute("load", "--target=http://127.0.0.1:1", "--scenario=smoke")).isEqualTo(1);
    assertThat(lines()).containsExactly("outcrop: nobody answers at http://127.0.0.1:1");

    err.reset();
    assertThat(execute("report", "none.json", "--html=x.html")).isEqualTo(1);
    assertThat(lines()).containsExactly("outcrop: there is no file none.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"batching", "peers", "quality", "ready", "soak"})
  void saysInOneLineThatAModelIsNotThere(String command, @TempDir Path folder) {
    Path model = folder.resolve("none");

    assertThat(execute(command, "--model", model.toString())).isEqualTo(1);

    assertThat(lines()).containsExactly("outcrop: there is no model folder at " + model);
  }

  @Test
  void refusesOutputsThatTheModelDoesNotTake() {
    assertThat(execute("batching", "--model", DEMO, "--requests=1", "--scale=100")).isEqualTo(2);

    assertThat(lines())
        .anyMatch(line -> line.matches("--scale 100.0 makes sequences of \\d+ tokens, the .*"));
  }

  @Test
  void endsWhatItStartedWhenItIsStopped(@TempDir Path home) throws Exception {
    Path pid = home.resolve("pid");
    Path scripts = Files.createDirectories(home.resolve("bench/src/main/peers"));
    Files.writeString(
        scripts.resolve("setup.sh"),
        "echo $$ >'%s.part'; mv '%s.part' '%s'; sleep 100; exit\n".formatted(pid, pid, pid));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Main.class.getName(),
            "peers",
            "--contestants=jlama");
    builder.environment().put("OUTCROP_HOME", home.toString());
    Process bench = builder.redirectErrorStream(true).start();
    try {
      Instant end = Instant.now().plusSeconds(30);
      while (!Files.exists(pid)) {
        assertThat(Instant.now()).isBefore(end);
        Thread.sleep(20);
      }
      ProcessHandle setup =
          ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();

      bench.toHandle().destroy();

      assertThat(bench.waitFor()).isEqualTo(143);
      setup.onExit().get(10, TimeUnit.SECONDS);
    } finally {
      bench.descendants().forEach(ProcessHandle::destroyForcibly);
      bench.destroyForcibly();
    }
  }

  private List<String> lines() {
    return err.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private int execute(String... arguments) {
    PrintStream before = System.err;
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      return Main.execute(arguments);
    } finally {
      System.setErr(before);
    }
  }
}
