package dev.outcrop.serving.testing;

import dev.outcrop.serving.config.AuthConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A server that takes requests of three access keys of one tenant. */
public final class SignedServer {
  /** The secret of all keys. */
  public static final String SECRET = "a/secret+of-the-tests-0000000000000";

  /** The token of those that have one. */
  public static final String TOKEN = "the/session+token==";

  private SignedServer() {}

  /** Starts one whose policy file is in a folder. */
  public static TestServer start(Path folder) throws IOException {
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            regions: [us-east-1, eu-central-1]
            tenants:
              - {id: acme, weight: 3}
            principals:
              - id: app
                tenant: acme
                models: ["*"]
                access-keys:
                  - {id: AKPLAIN, secret: SECRET}
                  - {id: AKSESSION, secret: SECRET, session-token-sha256: HASH}
                  - {id: AKOVER, secret: SECRET, session-token-sha256: HASH, expires: 2020-01-01T00:00:00Z}
            """
                .replace("SECRET", SECRET)
                .replace("HASH", Signer.sha256(TOKEN)));
    return new TestServer(request -> "ok", config -> config.withAuth(AuthConfig.policy(policy)));
  }
}
