package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.Secret;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The requests of the test suite that AWS published for Signature Version 4, and their signatures.
 */
final class SignatureSuiteTest {
  private static final String TIME = "20150830T123600Z";
  private static final String EMPTY =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  private static final AccessKey KEY =
      new AccessKey(
          new Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
          null,
          null,
          new Caller.Anonymous());

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET  | /                        |                               | 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
          POST | /                        |                               | 5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b
          GET  | /                        | Param1=value1                 | a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb
          GET  | /                        | Param2=value2&Param1=value1   | b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500
          GET  | /                        | ሴ=bar                         | 2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04
          GET  | /ሴ                       |                               | 8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85
          GET  | /example space/          |                               | 652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741
          GET  | /example/..              |                               | 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
          GET  | /example1/example2/../.. |                               | 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
          GET  | /./                      |                               | 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
          GET  | //                       |                               | 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
          GET  | /./example               |                               | ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5
          GET  | //example//              |                               | 9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84
          GET  | /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz | | 07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f
          """)
  void takesSignaturesOfPathsAndQueries(
      String method, String path, String query, String signature) {
    assertThat(signed(method, path, query == null ? "" : query, Map.of(), signature)).isTrue();
    assertThat(signed("PUT", path, query == null ? "" : query, Map.of(), signature)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          my-header1 | value2,value2,value1 | c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea
          """)
  void takesSignaturesOfHeadersThatComeTwice(String name, String values, String signature) {
    assertThat(signed("GET", "/", "", Map.of(name, List.of(values.split(","))), signature))
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ' value1' | ' "a   b   c"' | acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736
          """)
  void takesSignaturesOfHeadersWithSpaces(String one, String two, String signature) {
    assertThat(
            signed(
                "GET",
                "/",
                "",
                Map.of("my-header1", List.of(one), "my-header2", List.of(two)),
                signature))
        .isTrue();
  }

  private static boolean signed(
      String method, String path, String query, Map<String, List<String>> more, String signature) {
    Map<String, List<String>> headers = new TreeMap<>(more);
    headers.put("host", List.of("example.amazonaws.com"));
    headers.put("x-amz-date", List.of(TIME));
    List<String> names = new ArrayList<>(headers.keySet());
    SignatureClaim claim =
        new SignatureClaim("AKIDEXAMPLE", "20150830", "us-east-1", "service", names, signature);
    RequestHead head =
        new RequestHead(method, path, query, name -> headers.getOrDefault(name, List.of()));
    return KEY.signed(claim, TIME, CanonicalRequest.of(head, names, EMPTY));
  }
}
