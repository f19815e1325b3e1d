package dev.outcrop.batching.loop;

import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;

/** Random requests: long and short, of old conversations and new ones, in a hurry or not. */
final class ChaosRequests {
  private static final int VOCABULARY = 97;
  private static final int CONVERSATIONS = 4;
  private static final int TENANTS_AT_A_TIME = 12;
  private static final int REQUESTS_PER_TENANT_CHANGE = 40;
  private static final Sampling WITH_LOGPROBS = new Sampling(0, 0, 1, 0, 1, 0, 0, 0, 2);

  private final Random random;
  private final int longest;
  private final int[][] conversations = new int[CONVERSATIONS][];
  private int made;

  ChaosRequests(Random random, KvGeometry geometry) {
    this.random = random;
    this.longest = Math.min(geometry.tokens(), geometry.maxContext());
    for (int i = 0; i < CONVERSATIONS; i++) {
      conversations[i] = random.ints(longest, 0, VOCABULARY).toArray();
    }
  }

  /** Of any of the tenants that are about: each comes, stays a while and goes. */
  GenerateRequest next() {
    int tenant = made / REQUESTS_PER_TENANT_CHANGE + random.nextInt(TENANTS_AT_A_TIME);
    return next("tenant-" + tenant);
  }

  /** Of a tenant. */
  GenerateRequest next(String tenant) {
    made++;
    int total = 2 + (random.nextInt(40) == 0 ? random.nextInt(longest + 4) : shortTotal());
    int prompt = 1 + random.nextInt(total - 1);
    int[] ids = Arrays.copyOf(conversations[random.nextInt(CONVERSATIONS)], prompt);
    int same = random.nextBoolean() ? prompt : random.nextInt(prompt);
    for (int i = same; i < prompt; i++) {
      ids[i] = random.nextInt(VOCABULARY - 1);
    }
    if (random.nextInt(50) == 0) {
      ids[0] = ChaosClient.POISON;
    }
    boolean open = random.nextInt(20) == 0;
    int[] stops = random.ints(random.nextInt(3), 0, VOCABULARY).toArray();
    Sampling sampling = random.nextInt(8) == 0 ? WITH_LOGPROBS : Sampling.GREEDY;
    return new GenerateRequest(
        ids,
        open ? GenerateRequest.AS_MANY_AS_FIT : total - prompt,
        sampling,
        stops,
        service(tenant));
  }

  private int shortTotal() {
    return random.nextInt(Math.min(longest - 1, 60));
  }

  private Service service(String tenant) {
    Tier[] tiers = Tier.values();
    Duration within =
        random.nextInt(5) == 0 ? Duration.ofNanos(1 + random.nextInt(2_000_000_000)) : null;
    String scope = random.nextInt(4) == 0 ? "shared" : tenant;
    return new Service(
        tenant, 1 + random.nextInt(3), tiers[random.nextInt(tiers.length)], within, scope);
  }
}
