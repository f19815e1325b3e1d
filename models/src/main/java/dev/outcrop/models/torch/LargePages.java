package dev.outcrop.models.torch;

/**
 * Has libtorch ask the system for large pages where it allocates 2 MiB or more. A step reads all
 * weights once, and with pages of 4 KiB it waits for page tables as well. libtorch reads a variable
 * of the environment when it first allocates. The launcher and the images set it, and where they do
 * not start the process, {@link NativeEnvironment} does. What the environment already says stays.
 */
final class LargePages {
  private static final String VARIABLE = "THP_MEM_ALLOC_ENABLE";

  private LargePages() {}

  /** Called before anything of libtorch; changes nothing where there is no such C library. */
  static void ask() {
    if (System.getenv(VARIABLE) == null) {
      NativeEnvironment.offer(VARIABLE, "1");
    }
  }

  /** Whether libtorch was asked to, by the environment or by {@link #ask}. */
  static boolean asked() {
    return System.getenv().getOrDefault(VARIABLE, "1").equals("1");
  }
}
