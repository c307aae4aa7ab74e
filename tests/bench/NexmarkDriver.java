import com.github.nexmark.flink.NexmarkConfiguration;
import com.github.nexmark.flink.generator.GeneratorConfig;
import com.github.nexmark.flink.generator.NexmarkGenerator;
import java.lang.management.ManagementFactory;

/** Draws so many events with Nexmark's own generator, after as many to warm up; prints CPU seconds and a checksum. */
public class NexmarkDriver {
  public static void main(String[] arguments) {
    long count = Long.parseLong(arguments[0]);
    long seen = draw(count);
    var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long before = system.getProcessCpuTime();
    seen += draw(count);
    System.out.println((system.getProcessCpuTime() - before) / 1e9 + " " + seen);
  }

  private static long draw(long count) {
    var generator = new NexmarkGenerator(new GeneratorConfig(new NexmarkConfiguration(), 1735776000000L, 1, count, -1, 1));
    long seen = 0;
    while (generator.hasNext()) {
      seen += generator.next().eventTimestamp;
    }
    return seen;
  }
}
