package dev.outcrop.bench.http;

import java.lang.management.ManagementFactory;

/**
 * What the process has spent.
 *
 * @param cpuNanos processor time of all threads
 * @param bytes bytes allocated by all threads
 */
record Work(long cpuNanos, long bytes) {
  static Work now() {
    long cpu =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean os
            ? os.getProcessCpuTime()
            : 0;
    long bytes =
        ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean threads
            ? threads.getTotalThreadAllocatedBytes()
            : 0;
    return new Work(cpu, bytes);
  }

  Work minus(Work before) {
    return new Work(cpuNanos - before.cpuNanos, bytes - before.bytes);
  }
}
