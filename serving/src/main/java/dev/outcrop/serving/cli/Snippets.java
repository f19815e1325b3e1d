package dev.outcrop.serving.cli;

import java.net.URI;

/** What a newcomer pastes to chat with a running server. */
final class Snippets {
  private Snippets() {}

  static String of(URI endpoint, String model) {
    return TEXT.replace("@ENDPOINT@", endpoint.toString()).replace("@MODEL@", model);
  }

  private static final String TEXT =
      """
      Outcrop serves the demo model as @MODEL@ on @ENDPOINT@. Stop it with Ctrl-C.

      --- curl
      curl -s @ENDPOINT@/model/@MODEL@/converse -H 'content-type: application/json' \\
        -d '{"messages":[{"role":"user","content":[{"text":"What is 17 plus 25?"}]}]}'

      --- Python (pip install boto3)
      import boto3

      client = boto3.client("bedrock-runtime", region_name="us-east-1", endpoint_url="@ENDPOINT@",
                            aws_access_key_id="any", aws_secret_access_key="any")
      answer = client.converse_stream(
          modelId="@MODEL@",
          messages=[{"role": "user", "content": [{"text": "Count from 1 to 20."}]}])
      for event in answer["stream"]:
          print(event.get("contentBlockDelta", {}).get("delta", {}).get("text", ""), end="", flush=True)

      --- Java (software.amazon.awssdk:bedrockruntime)
      import java.net.URI;
      import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
      import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
      import software.amazon.awssdk.regions.Region;
      import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
      import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
      import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;

      void main() {
        try (var client = BedrockRuntimeClient.builder()
            .endpointOverride(URI.create("@ENDPOINT@"))
            .region(Region.US_EAST_1)
            .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any")))
            .build()) {
          var answer = client.converse(request -> request.modelId("@MODEL@").messages(message -> message
              .role(ConversationRole.USER)
              .content(ContentBlock.fromText("What is the capital of France?"))));
          IO.println(answer.output().message().content().getFirst().text());
        }
      }
      """;
}
